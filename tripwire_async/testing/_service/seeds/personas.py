"""Kinds of visitors: people with their browsers, and bots."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class Persona:
    """A kind of visitor: its software and its verdict."""

    verdict: str
    risk: tuple[int, int]
    user_agent: str
    browser: tuple[str | None, str | None, str]
    system: tuple[str | None, str | None]
    form: str
    screen: str | None
    renderer: str | None
    platform: str
    is_touch: bool
    languages: tuple[str, ...]
    weight: int
    bot: str | None = None


PERSONAS: Final = (
    Persona(
        "human",
        (0, 18),
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/134.0.0.0 Safari/537.36",
        ("Chrome", "134.0.0.0", "Blink"),
        ("Windows", "10"),
        "desktop",
        "1920x1080",
        "ANGLE (NVIDIA GeForce RTX 3060 Direct3D11)",
        "Win32",
        is_touch=False,
        languages=("en-US", "en"),
        weight=6,
    ),
    Persona(
        "human",
        (0, 14),
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.3 Safari/605.1.15",
        ("Safari", "18.3", "WebKit"),
        ("macOS", "15.3"),
        "desktop",
        "1512x982",
        "Apple GPU",
        "MacIntel",
        is_touch=False,
        languages=("de-DE", "de", "en"),
        weight=4,
    ),
    Persona(
        "human",
        (0, 16),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.3 Mobile/15E148 Safari/604.1",
        ("Mobile Safari", "18.3", "WebKit"),
        ("iOS", "18.3"),
        "mobile",
        "393x852",
        "Apple GPU",
        "iPhone",
        is_touch=True,
        languages=("en-GB",),
        weight=5,
    ),
    Persona(
        "inconclusive",
        (40, 62),
        "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0",
        ("Firefox", "136.0", "Gecko"),
        ("Linux", None),
        "desktop",
        "2560x1440",
        "Mesa Intel(R) UHD Graphics 620",
        "Linux x86_64",
        is_touch=False,
        languages=("fr-FR", "fr"),
        weight=3,
    ),
    Persona(
        "bot",
        (82, 99),
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/134.0.0.0 Safari/537.36",
        ("Headless Chrome", "134.0.0.0", "Blink"),
        ("Linux", None),
        "desktop",
        "800x600",
        "Google SwiftShader",
        "Linux x86_64",
        is_touch=False,
        languages=("en-US",),
        weight=4,
        bot="Playwright",
    ),
    Persona(
        "bot",
        (75, 95),
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        (None, None, "unknown"),
        (None, None),
        "unknown",
        None,
        None,
        "",
        is_touch=False,
        languages=(),
        weight=2,
        bot="GPTBot",
    ),
)
