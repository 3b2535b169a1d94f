"""Why an offer has no article, an article no offer, and stock at Bol neither: for people. Pure."""

from __future__ import annotations

from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import ArticleRow, CodeRow, OfferRow
from streams.vocabulary.activity import UnmatchedShown
from streams.vocabulary.codes import Kind, code_entity, normal

CODES_NAMED = 6
WORDS: dict[Kind, str] = {"ean": "EAN", "sku": "reference"}


def codes_of(ean: str, reference: str, match: tuple[Kind, ...]) -> tuple[str, ...]:
    """The entities of the codes that an offer may be known by, the best first."""
    given: dict[Kind, str] = {"ean": ean, "sku": reference}
    return tuple(code_entity(kind, given[kind]) for kind in match if normal(kind, given[kind]))


def offer_shown(offer_id: str, row: OfferRow) -> UnmatchedShown:
    """The offer as the list has it; without `why` it is off the list."""
    codes = [f"EAN {row.ean}"] if row.ean else []
    codes += [f"reference {row.reference}"] if row.reference else []
    return UnmatchedShown(side="bol", name=offer_id, codes=tuple(codes), why=row.why)


def no_article(row: OfferRow, rules: CatalogueRules) -> str:
    """Why no article was found for the offer, all of its codes being answered."""
    given: dict[Kind, str] = {"ean": row.ean, "sku": row.reference}
    named: list[str] = []
    for kind in rules.match:
        value = given[kind].strip()
        codes = codes_of(row.ean, row.reference, (kind,))
        if not codes:
            continue
        heard = row.answers.get(codes[0])
        if heard is not None and heard.among:
            numbers = ", ".join(str(number) for number in heard.among)
            return (
                f"{WORDS[kind]} {value} is on more than one article in Mplus ({numbers}), so it is matched to none of "
                "them. Take it off all but one."
            )
        named.append(f"{WORDS[kind]} {value}")
    if not named:
        wanted = " or ".join("an EAN" if kind == "ean" else "a reference" for kind in rules.match)
        return f"The offer does not have {wanted} to be matched by. Give it one in the Bol partner site."
    advice = (
        "Add the barcode to the article in Mplus."
        if "ean" in rules.match and row.ean
        else "Give the offer the article's number or PLU as its reference."
    )
    return f"No article in Mplus carries {' or '.join(named)}. {advice}"


def article_shown(number: str, row: ArticleRow, rules: CatalogueRules) -> UnmatchedShown:
    """The article as the list has it now; without `why` it is off the list. Only what is switched on, keeps stock and
    has been there for a while belongs on it."""
    eans = [code.value for code in row.codes if code.kind == "ean"]
    skus = [code.value for code in row.codes if code.kind == "sku"]
    codes = ([f"EAN {one}" for one in eans] if "ean" in rules.match else []) + (
        [f"SKU {one}" for one in skus] if "sku" in rules.match else []
    )
    why = ""
    if row.judged and not row.offers and row.active and row.stock_kept:
        why = _no_offer(bool(eans), bool(codes), rules)
    return UnmatchedShown(
        side="mplus", name=number, title=row.description, codes=tuple(codes[:CODES_NAMED]), why=why
    )


def _no_offer(barcode: bool, codes: bool, rules: CatalogueRules) -> str:
    if "ean" in rules.match and not barcode:
        also = ", and no offer at Bol has its number or PLU as its reference" if codes else ""
        return f"It has no barcode in Mplus{also}. Give it the EAN that it has at Bol."
    by = (
        "these EANs"
        if rules.match == ("ean",)
        else "its number or PLU as reference"
        if rules.match == ("sku",)
        else "these EANs or SKUs"
    )
    return f"No offer at Bol is found by {by}. Make one in the Bol partner site, or put right its code."


def lying_shown(ean: str, row: CodeRow) -> UnmatchedShown:
    """Stock at Bol as the list has it; without `why` it is off the list."""
    title = row.lying.title if row.lying is not None else ""
    return UnmatchedShown(side="bol", name=ean, title=title, codes=(f"EAN {ean}",), why=row.why)


def no_carrier(ean: str, row: CodeRow) -> str:
    """Why what lies at Bol has no article."""
    assert row.lying is not None
    pieces = f"{row.lying.regular} piece{'' if row.lying.regular == 1 else 's'}"
    numbers = ", ".join(str(claim.article_number) for claim in row.claims[:CODES_NAMED])
    where = (
        f"is on more than one article in Mplus ({numbers}). Take it off all but one."
        if numbers
        else "is on no article in Mplus. Add the barcode to the article."
    )
    return f"{pieces} of it lie in Bol's own warehouse (FBB), and EAN {ean} {where}"
