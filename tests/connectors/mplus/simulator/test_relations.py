from __future__ import annotations

import pytest

from tests.connectors.mplus.simulator.wire import Shop

JAN = (
    "<relation><extRelationId>BOL-9</extRelationId><name>Jan de Vries</name><zipcode>1111 ZZ</zipcode>"
    "<email>Jan@Example.nl</email><categoryIds><category>1</category></categoryIds>"
    "<defaultVatMethod>VAT-METHOD-INCLUSIVE</defaultVatMethod><alwaysEmailReceipt>1</alwaysEmailReceipt>"
    "<birthDate><day>1</day><mon>2</mon><year>1980</year></birthDate></relation>"
)


async def test_a_relation_is_made_read_and_changed_in_part(shop: Shop) -> None:
    made = await shop.call("createRelation", JAN)
    assert made["result"] == "CREATE-RELATION-RESULT-OK"
    number = made["relationNumber"]
    marker = int(made["syncMarker"])
    change = f"<relation><relationNumber>{number}</relationNumber><telephone>06</telephone></relation>"
    changed = await shop.call("updateRelation", change)
    assert changed["result"] == "UPDATE-RELATION-RESULT-OK"
    assert int(changed["syncMarker"]) == marker + 1
    read = await shop.call("getRelation", f"<relationNumber>{number}</relationNumber>")
    assert read["relation.name"] == "Jan de Vries"
    assert read["relation.telephone"] == "06"
    assert read["relation.alwaysEmailReceipt"] == "true"
    assert read["relation.birthDate.year"] == "1980"
    listed = await shop.call("getRelations", f"<request><syncMarker>{marker + 1}</syncMarker></request>")
    assert listed.all("relationList.relation.relationNumber") == [number]
    assert (await shop.call("getCurrentSyncMarkers"))["relationSyncMarker"] == str(marker + 1)


@pytest.mark.parametrize(
    ("term", "partial", "exact"),
    [
        ("<name>jan de</name>", True, False),
        ("<name>JAN DE VRIES</name>", True, True),
        ("<email>jan@example.nl</email>", True, True),
        ("<email>example</email>", True, False),
        ("<extRelationId>BOL-9</extRelationId>", True, True),
        ("<extRelationId>BOL</extRelationId>", True, False),
        ("<name>Jan</name><city>Utrecht</city>", False, False),
        ("<zipcode>1111 ZZ</zipcode>", True, True),
        ("<extraText>x</extraText>", False, False),
        ("", False, False),
    ],
)
async def test_finding_is_by_fragment_or_exact(shop: Shop, term: str, partial: bool, exact: bool) -> None:
    await shop.call("createRelation", JAN)
    found = {True: "FIND-RELATION-RESULT-OK", False: "FIND-RELATION-RESULT-NOT-FOUND"}
    relation = f"<relation>{term}</relation>"
    assert (await shop.call("findRelation", relation))["result"] == found[partial]
    loose = f"<request>{relation}</request>"
    assert (await shop.call("findRelationV2", loose))["result"] == found[partial]
    strict = f"<request>{relation}<exactMatch>true</exactMatch></request>"
    assert (await shop.call("findRelationV2", strict))["result"] == found[exact]


async def test_creating_twice_makes_two(shop: Shop) -> None:
    one = await shop.call("createRelation", JAN)
    other = await shop.call("createRelation", JAN)
    assert one["relationNumber"] != other["relationNumber"]
    strict = (
        "<request><relation><email>jan@example.nl</email></relation><exactMatch>true</exactMatch></request>"
    )
    assert (await shop.call("findRelationV2", strict))["relation.relationNumber"] == one["relationNumber"]


async def test_an_edited_email_is_found_under_its_new_name_only(shop: Shop) -> None:
    number = (await shop.call("createRelation", JAN))["relationNumber"]
    change = f"<relation><relationNumber>{number}</relationNumber><email>piet@example.nl</email></relation>"
    await shop.call("updateRelation", change)
    ask = "<request><relation><email>{}</email></relation><exactMatch>true</exactMatch></request>"
    assert (await shop.call("findRelationV2", ask.format("jan@example.nl"))).get("relation") is None
    assert (await shop.call("findRelationV2", ask.format("piet@example.nl")))[
        "relation.relationNumber"
    ] == number


async def test_a_number_can_be_chosen_once(shop: Shop) -> None:
    wanted = "<relation><relationNumber>682</relationNumber><name>A</name></relation>"
    assert (await shop.call("createRelation", wanted))["relationNumber"] == "682"
    again = await shop.call("createRelation", wanted)
    assert again["result"] == "CREATE-RELATION-RESULT-FAILED-RELATION-NUMBER-ALREADY-TAKEN"
    assert [await shop.relation() for _ in range(2)] == [681, 683]


async def test_refusals(shop: Shop) -> None:
    assert (await shop.call("createRelation"))["result"] == "CREATE-RELATION-RESULT-FAILED"
    assert (await shop.call("createRelation", "<relation/>"))["result"] == "CREATE-RELATION-RESULT-FAILED"
    assert (await shop.call("updateRelation", "<relation/>"))["result"] == "UPDATE-RELATION-RESULT-NOT-FOUND"
    missing = await shop.call("getRelation", "<relationNumber>1</relationNumber>")
    assert missing["result"] == "GET-RELATION-RESULT-NOT-FOUND"


async def test_a_list_has_at_most_a_thousand(shop: Shop) -> None:
    for count in range(1001):
        shop.books.relations.create(0, {"name": str(count)})
    listed = await shop.call("getRelations", "<request><syncMarkerLimit>5000</syncMarkerLimit></request>")
    assert len(listed.each("relationList.relation")) == 1000
    assert len((await shop.call("getRelations")).each("relationList.relation")) == 1000


async def test_what_is_not_kept_is_counted(shop: Shop) -> None:
    await shop.call(
        "createRelation", "<relation><name>A</name><points>3</points><salePromotionIds/></relation>"
    )
    assert (await shop.dump("?parts=ignored"))["ignored"] == {
        "createRelation.points": 1,
        "createRelation.salePromotionIds": 1,
    }
