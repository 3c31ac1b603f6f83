"""What the plugin declares to the host."""

from kumiko import Channel, Field, hookimpl
from kumiko_telegram import bot


@hookimpl
def declare_channels():
    return [
        Channel(
            key="telegram.bot",
            label="Telegram bot",
            kind="messenger",
            icon="brand-telegram",
            poll=bot.poll,
            read=bot.read,
            send=bot.send,
            check=bot.check,
            settings=(
                Field(name="api_url", kind="url", label="Address of the API", default="https://api.telegram.org"),
            ),
            secrets=(Field(name="token", kind="text", label="Token of the bot"),),
        )
    ]
