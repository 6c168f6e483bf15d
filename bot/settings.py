"""Every setting of An Tâm, typed, from ``HOTLINE_*`` environment variables or ``.env``.

The two names that Telegram users expect, ``TELEGRAM_BOT_TOKEN`` and ``TELEGRAM_API_BASE``, have no prefix.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseSettings, Field, SecretStr, validator

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Typed settings; a wrong value raises ``pydantic.ValidationError`` naming the variable."""

    data_dir: Path = ROOT / "var"
    """Where the database, key file, logs and sockets live (created with mode 0700)."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in ``data_dir``."""
    key_file: Path | None = None
    """Key file (mode 0600); default ``data_dir/keys.json``."""
    models_dir: Path = ROOT / "models"
    knowledge_dir: Path = ROOT / "knowledge"

    host: str = "127.0.0.1"
    port: int = 8080
    rasa_port: int = 5005
    actions_port: int = 5055
    public_url: str = ""
    """``https://…`` under which the gateway is reachable; switches Telegram to its webhook."""
    secure_cookies: bool | None = None
    """``None``: secure exactly when ``public_url`` starts with https."""
    trusted_proxies: int = 0
    """How many reverse proxies stand in front (their ``X-Forwarded-For`` entries are believed)."""

    telegram_bot_token: SecretStr = Field(SecretStr(""), env="TELEGRAM_BOT_TOKEN")
    telegram_api_base: str = Field("https://api.telegram.org", env="TELEGRAM_API_BASE")

    webhook_url: str = ""
    """Case system that receives reports as signed webhooks; empty: only the embedded desk."""
    webhook_secret: SecretStr = SecretStr("")
    """Standard Webhooks secret (``whsec_…``, base64)."""
    webhook_allow_private: bool = False
    """Allow a webhook target on a private address (loopback is always allowed)."""

    rasa_timeout: float = 8.0
    """Seconds to wait for Rasa before the person is answered without it."""
    forward_max_backoff: float = 3600.0
    forward_poll: float = 1.0
    web_messages_per_minute: int = 30
    log_level: str = "INFO"

    class Config:
        env_prefix = "HOTLINE_"
        env_file = ROOT / ".env"
        env_file_encoding = "utf-8"

    @validator("telegram_api_base", "public_url", "webhook_url")
    def _no_trailing_slash(cls, value: str) -> str:  # noqa: N805
        return value.rstrip("/")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'an_tam.db'}"

    @property
    def keys(self) -> Path:
        """The key file in force."""
        return self.key_file or self.data_dir / "keys.json"

    @property
    def rasa_url(self) -> str:
        """Rasa's HTTP address (loopback only)."""
        return f"http://127.0.0.1:{self.rasa_port}"

    @property
    def cookies_secure(self) -> bool:
        """Whether cookies carry the ``Secure`` flag."""
        return self.public_url.startswith("https://") if self.secure_cookies is None else self.secure_cookies


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()  # type: ignore[call-arg]
