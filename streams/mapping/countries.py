"""Countries by their codes (ISO 3166) and names: Europe, and where a Dutch or Belgian shop's customers live besides.

A table of our own: pycountry is 8 MB of data files, read at import, and knows Dutch names by a further step only.
"""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    """One country."""

    two: str
    three: str
    dutch: str
    also: tuple[str, ...]
    """Other names that are understood."""
    calling: str
    """Code of its telephone numbers, without +."""
    trunk: str = "0"
    """What a number within the country begins with; left out from abroad."""


_ROWS = """
NL NLD 31 0 Nederland|Netherlands|The Netherlands|Holland|Pays-Bas|Niederlande
BE BEL 32 0 België|Belgie|Belgium|Belgique|Belgien
LU LUX 352 - Luxemburg|Luxembourg
DE DEU 49 0 Duitsland|Germany|Deutschland|Allemagne
FR FRA 33 0 Frankrijk|France|Frankreich
GB GBR 44 0 Verenigd Koninkrijk|United Kingdom|Great Britain|Groot-Brittannië|Engeland|UK
IE IRL 353 0 Ierland|Ireland
AT AUT 43 0 Oostenrijk|Austria|Österreich
CH CHE 41 0 Zwitserland|Switzerland|Schweiz|Suisse
LI LIE 423 - Liechtenstein
ES ESP 34 - Spanje|Spain|España
PT PRT 351 - Portugal
IT ITA 39 - Italië|Italie|Italy|Italia
DK DNK 45 - Denemarken|Denmark|Danmark
SE SWE 46 0 Zweden|Sweden|Sverige
NO NOR 47 - Noorwegen|Norway|Norge
FI FIN 358 0 Finland|Suomi
IS ISL 354 - IJsland|Iceland
PL POL 48 - Polen|Poland|Polska
CZ CZE 420 - Tsjechië|Tsjechie|Czechia|Czech Republic
SK SVK 421 0 Slowakije|Slovakia
HU HUN 36 06 Hongarije|Hungary
RO ROU 40 0 Roemenië|Roemenie|Romania
BG BGR 359 0 Bulgarije|Bulgaria
GR GRC 30 - Griekenland|Greece|Ελλάδα
CY CYP 357 - Cyprus
MT MLT 356 - Malta
SI SVN 386 0 Slovenië|Slovenie|Slovenia
HR HRV 385 0 Kroatië|Kroatie|Croatia
EE EST 372 - Estland|Estonia
LV LVA 371 - Letland|Latvia
LT LTU 370 0 Litouwen|Lithuania
RS SRB 381 0 Servië|Servie|Serbia
BA BIH 387 0 Bosnië en Herzegovina|Bosnia and Herzegovina
ME MNE 382 0 Montenegro
MK MKD 389 0 Noord-Macedonië|North Macedonia
AL ALB 355 0 Albanië|Albania
XK XKX 383 0 Kosovo
MD MDA 373 0 Moldavië|Moldova
UA UKR 380 0 Oekraïne|Oekraine|Ukraine|Україна
BY BLR 375 0 Belarus|Wit-Rusland
RU RUS 7 8 Rusland|Russia
TR TUR 90 0 Turkije|Turkey|Türkiye
MC MCO 377 - Monaco
AD AND 376 - Andorra
SM SMR 378 - San Marino
VA VAT 39 - Vaticaanstad|Vatican City
GI GIB 350 - Gibraltar
JE JEY 44 0 Jersey
GG GGY 44 0 Guernsey
IM IMN 44 0 Man|Isle of Man
FO FRO 298 - Faeröer|Faroe Islands
GL GRL 299 - Groenland|Greenland
CW CUW 599 - Curaçao|Curacao
AW ABW 297 - Aruba
SX SXM 1 - Sint Maarten
BQ BES 599 - Caribisch Nederland|Bonaire
SR SUR 597 - Suriname
US USA 1 - Verenigde Staten|United States|USA
CA CAN 1 - Canada
CN CHN 86 0 China
JP JPN 81 0 Japan
AU AUS 61 0 Australië|Australia
NZ NZL 64 0 Nieuw-Zeeland|New Zealand
ZA ZAF 27 0 Zuid-Afrika|South Africa
MA MAR 212 0 Marokko|Morocco
"""


def _country(row: str) -> Country:
    two, three, calling, trunk, names = row.split(" ", 4)
    dutch, *also = names.split("|")
    return Country(two, three, dutch, tuple(also), calling, "" if trunk == "-" else trunk)


COUNTRIES: tuple[Country, ...] = tuple(_country(row) for row in _ROWS.strip().splitlines())
_BY_WORD = {
    word.casefold(): country
    for country in COUNTRIES
    for word in (country.two, country.three, country.dutch, *country.also)
}


def country_of(text: str) -> Country | None:
    """By either code or any of its names, whatever the case."""
    return _BY_WORD.get(text.strip().casefold())
