"""Every setting of An Tâm, typed, from ``HOTLINE_*`` environment variables or ``.env``.

The two names that Telegram users expect, ``TELEGRAM_BOT_TOKEN`` and ``TELEGRAM_API_BASE``, have no prefix.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

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

    zalo_app_id: str = ""
    """The app of developers.zalo.me that the Official Account allowed; empty: no Zalo."""
    zalo_app_secret: SecretStr = SecretStr("")
    zalo_oa_secret: SecretStr = SecretStr("")
    """"OA Secret Key" of the webhook page: signs what Zalo delivers. Not the app's secret."""
    zalo_oa_id: str = ""
    """Only this Official Account's events are taken; empty: those of every account of the app."""
    zalo_api_base: str = "https://openapi.zalo.me"
    zalo_oauth_base: str = "https://oauth.zaloapp.com"
    zalo_paid_messages: bool = False
    """Whether messages may be sent 48 hours to 7 days after a person's last action, when Zalo charges them."""
    zalo_bot_token: SecretStr = SecretStr("")
    """Zalo Bot Platform: an information channel for adults only; empty: off."""
    zalo_bot_api_base: str = "https://bot-api.zaloplatforms.com"

    embed_origins: str = ""
    """Sites (``https://truong.example``, separated by commas) that may embed the web chat; empty: none."""

    webhook_url: str = ""
    """Case system that receives reports as signed webhooks; empty: only the embedded desk."""
    webhook_secret: SecretStr = SecretStr("")
    """Standard Webhooks secret (``whsec_…``, base64); two, separated by a space, while the key is changed."""
    webhook_allow_private: bool = False
    """Allow a webhook target on a private address (loopback is always allowed)."""
    webhook_client_cert: Path | None = None
    """PEM certificate (and ``webhook_client_key``) that the gateway shows to the receiver (mTLS)."""
    webhook_client_key: Path | None = None
    webhook_ca: Path | None = None
    """PEM file of the authority that signed the receiver's certificate; empty: the usual ones."""
    status_secret: SecretStr = SecretStr("")
    """Standard Webhooks secret(s) with which a case system reports back to ``/hooks/status``; empty: switched off."""

    primero_url: str = ""
    """``https://…`` of a Primero v2 server (without ``/api/v2``); empty: none."""
    primero_user: str = ""
    primero_password: SecretStr = SecretStr("")
    primero_module: str = "primeromodule-cp"
    primero_mapping: Path = ROOT / "bot" / "forwarding" / "data" / "primero.yml"
    """Which of our fields go where in the server's forms."""
    primero_allow_private: bool = False
    primero_hook_secret: SecretStr = SecretStr("")
    """What Primero's own webhooks show (an API key, or ``name:password``); empty: no such address."""
    primero_poll: float = 300.0
    """Seconds between two questions to Primero about how a case stands."""

    roster: Path | None = None
    """YAML file: who is on duty and how they are reached (``docs/alerts.md``); default ``data_dir/roster.yml``."""
    alert_steps: str = "2,5,10"
    """Minutes after which an unacknowledged alert about immediate danger goes to more people."""
    alert_steps_high: str = "30,60,120"
    """The same for high risk."""
    alert_telegram_token: SecretStr = SecretStr("")
    """Bot that writes to officers; empty: the public bot (it needs a started private chat with each)."""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """``none`` only to this machine."""

    report_keep_days: float = Field(30.0, ge=0)
    """Days after every target has confirmed a report until its content is shredded here."""
    desk_keep_days: float = Field(730.0, ge=0)
    """Days after a case was closed at the embedded desk until every row of it is deleted."""
    messages_per_minute: int = Field(40, ge=1)
    """Messages of one person that are answered as usual; more are slowed, but one at risk is always taken."""
    messages_per_hour: int = Field(300, ge=1)
    floor_wait: float = Field(10.0, gt=0)
    """Minutes that a person waits for an officer before they are told that nobody can come now."""
    floor_answer: float = Field(5.0, gt=0)
    """Minutes that a person's message to an officer may stay unanswered before the bot answers again."""
    floor_silence: float = Field(30.0, gt=0)
    """Minutes without a word of the officer after which the bot answers again."""
    silent_after: float = Field(5.0, gt=0)
    """Minutes of silence of a person in immediate danger after which officers are told."""

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

    @validator(
        "telegram_api_base",
        "public_url",
        "webhook_url",
        "primero_url",
        "zalo_api_base",
        "zalo_oauth_base",
        "zalo_bot_api_base",
    )
    def _no_trailing_slash(cls, value: str) -> str:  # noqa: N805
        return value.rstrip("/")

    @validator("embed_origins")
    def _origins(cls, value: str) -> str:  # noqa: N805
        origins = [origin.strip().rstrip("/") for origin in value.split(",") if origin.strip()]
        for origin in origins:
            # Each goes into a response header: nothing but scheme, host and port may pass.
            if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", origin):
                raise ValueError("must be origins such as https://truong.example, separated by commas")
        return ",".join(origins)

    @property
    def embedders(self) -> list[str]:
        """The origins that may embed the web chat."""
        return [origin for origin in self.embed_origins.split(",") if origin]

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'an_tam.db'}"

    @property
    def keys(self) -> Path:
        """The key file in force."""
        return self.key_file or self.data_dir / "keys.json"

    @property
    def roster_file(self) -> Path:
        """The duty roster in force."""
        return self.roster or self.data_dir / "roster.yml"

    @property
    def base_url(self) -> str:
        """Where officers open the desk."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return self.public_url or f"http://{host}:{self.port}"

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
