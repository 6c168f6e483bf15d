"""Fetch the `uv` installer without pip: any Python 3 and its standard library will do.

Downloads uv's wheel from PyPI, checks its SHA-256 and unpacks the one binary into .cache/. Prints the path.
"""

import hashlib
import io
import os
import platform
import stat
import sys
import urllib.request
import zipfile

VERSION = "0.13.9"
WHEELS = {
    "aarch64": (
        "https://files.pythonhosted.org/packages/fe/2f/51a5de367c602592c018a42a23d57fba5f2689fe6c3bf025dcf043b39c61/uv-0.13.9-py3-none-manylinux_2_28_aarch64.whl",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
    "x86_64": (
        "https://files.pythonhosted.org/packages/3d/aa/26d64642d808de4a652579ef950d7cd2d37f080a8babf9c67c6b75fc4c3f/uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
}


def main():
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ".cache")
    binary = os.path.join(folder, "uv-" + VERSION)
    if not os.path.exists(binary):
        machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
        if sys.platform != "linux" or machine not in WHEELS:
            sys.exit("an-tam: install 'uv' by hand (https://docs.astral.sh/uv/): no build for this machine is pinned")
        url, digest = WHEELS[machine]
        try:
            data = urllib.request.urlopen(url, timeout=120).read()
        except OSError as error:
            sys.exit("an-tam: PyPI cannot be reached (%s): check the network and try again" % error)
        if hashlib.sha256(data).hexdigest() != digest:
            sys.exit("an-tam: the download of uv is damaged: try again")
        os.makedirs(folder, exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            name = next(n for n in wheel.namelist() if n.endswith(".data/scripts/uv"))
            temporary = binary + ".new"
            with open(temporary, "wb") as file:
                file.write(wheel.read(name))
        os.chmod(temporary, os.stat(temporary).st_mode | stat.S_IXUSR)
        os.replace(temporary, binary)
    print(binary)


main()
