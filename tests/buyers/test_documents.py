"""Invoices, receipts and credit notes: numbers without gaps, content that never changes, PDFs that say it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from buyers import billing, documents
from buyers.document_pdf import render
from buyers.models import Document, DocumentKind, Order
from marketplace.states import OrderState
from tests import people
from tests.buyers import checkout as given

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    (package,) = given.packages(10_000)
    bob = people.bob()
    given.details(bob)
    made = people.make_order(bob, package, state=OrderState.PAID)
    Order.objects.filter(pk=made.pk).update(total_minor=11_900, tax_minor=1_900, purchase_order="PO-77")
    made.refresh_from_db()
    return made


def test_numbers_have_no_gap_when_many_are_issued_and_some_are_undone_at_once(order: Order) -> None:
    barrier, undone = threading.Barrier(8), []

    def issue(number: int) -> None:
        barrier.wait()
        for turn in range(6):
            try:
                with transaction.atomic():
                    documents.issue(
                        DocumentKind.RECEIPT,
                        reference=f"{number}-{turn}",
                        organisation=order.organisation,
                        currency="usd",
                        total_minor=1,
                        data={},
                    )
                    if (number + turn) % 3 == 0:
                        raise RuntimeError("the caller's transaction fails")
            except RuntimeError:
                undone.append(1)
        connection.close()

    threads = [threading.Thread(target=issue, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(Document.objects.values_list("number", flat=True))
    assert len(undone) == 16
    assert numbers == list(range(1, 8 * 6 - 16 + 1))


def test_the_same_sale_is_documented_once_even_at_once(order: Order) -> None:
    barrier = threading.Barrier(4)

    def issue() -> None:
        barrier.wait()
        documents.of_payment(order=order)
        connection.close()

    threads = [threading.Thread(target=issue) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(document.full_number[:3] for document in documents.of_order(order)) == ["INV", "REC"]


def test_what_was_issued_cannot_be_changed_or_deleted(order: Order) -> None:
    bill = documents.invoice(order=order)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Document.objects.update(total_minor=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Document.objects.all().delete()
    before = render(bill)
    billing.save(organisation=order.organisation, actor=order.placed_by, values={"name": "Renamed GmbH"})
    assert render(Document.objects.get(pk=bill.pk)) == before, "the same bytes for ever"


def test_the_pdf_says_who_what_how_much_and_the_tax(order: Order, settings: Any) -> None:
    settings.SELLER_NAME, settings.SELLER_ADDRESS = "Fairframe GmbH", "Łódzka 1 | 10115 Berlin"
    text = given.pdf_text(render(documents.invoice(order=order)))
    for wanted in (
        "Invoice INV-", "Fairframe GmbH", "Łódzka 1", "10115 Berlin", "Bob Robotics SAS", given.FRENCH_NUMBER, "PO-77",
        "Package 0", "team of 5", "$100.00", "$19.00", "$119.00", order.short_number,
    ):  # fmt: skip
        assert wanted in text, wanted
    documents.of_payment(order=order)
    receipt = next(found for found in documents.of_order(order) if found.kind == DocumentKind.RECEIPT)
    assert "Paid by card on" in given.pdf_text(render(receipt))


def test_credit_notes_of_partial_refunds_add_up_to_the_invoice_with_its_tax(order: Order) -> None:
    parts = [3_333, 1, 4_566, 4_000]
    notes = [
        documents.credit(order=order, amount_minor=amount, reference=f"re_{n}", reason="Refund")
        for n, amount in enumerate(parts)
    ]
    again = documents.credit(order=order, amount_minor=3_333, reference="re_0", reason="Refund")
    assert again.pk == notes[0].pk
    assert -sum(note.total_minor for note in notes) == order.total_minor
    assert -sum(note.data["tax_minor"] for note in notes) == order.tax_minor
    assert all(note.data["net_minor"] + note.data["tax_minor"] == note.total_minor for note in notes)
    text = given.pdf_text(render(notes[0]))
    assert "Credit note CN-" in text
    assert "takes back $33.33 of invoice INV-" in text


def test_documents_are_only_for_the_organisation_that_bought(order: Order) -> None:
    documents.of_payment(order=order)
    bill = documents.of_order(order)[0]
    address = f"/orders/{order.pk}/documents/{bill.pk}.pdf"
    answer = given.signed_in(order.placed_by).get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert bill.full_number in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")
    assert bill.full_number in given.signed_in(order.placed_by).get(f"/orders/{order.pk}/").content.decode()
    eve = people.bob("eve@example.org", "Eve Cars")
    assert given.signed_in(eve).get(address).status_code == 404


@pytest.mark.parametrize(
    ("country", "number", "kept"),
    [
        ("FR", "fr 40 303 265 045", "FR40303265045"),
        ("DE", "136695976", "DE136695976"),
        ("GB", "980 7806 84", "980780684"),
        ("US", "", ""),
    ],
)
def test_billing_details_are_kept_with_the_number_as_it_is_written_officially(
    country: str, number: str, kept: str
) -> None:
    bob = people.bob()
    form = {"name": "Bob  Robotics", "line1": "1 Road", "city": "Town", "country": country, "vat_id": number}
    answer = given.signed_in(bob).post("/buy/billing/?next=/cart/", form)
    assert answer["Location"] == "/cart/"
    saved = billing.of(bob.membership.organisation)
    assert saved is not None
    assert (saved.name, saved.vat_id) == ("Bob Robotics", kept)


@pytest.mark.parametrize(
    ("country", "number"), [("DE", "DE136695977"), ("FR", "12"), ("GB", "nonsense"), ("JP", "1")]
)
def test_a_wrong_number_is_refused_with_a_sentence(country: str, number: str) -> None:
    bob = people.bob()
    form = {"name": "Bob", "line1": "1 Road", "city": "Town", "country": country, "vat_id": number}
    answer = given.signed_in(bob).post("/buy/billing/", form)
    assert answer.status_code == 400
    assert billing.of(bob.membership.organisation) is None


def test_nobody_is_sent_to_another_site_after_saving() -> None:
    form = {"name": "Bob", "line1": "1 Road", "city": "Town", "country": "US", "vat_id": ""}
    answer = given.signed_in(people.bob()).post("/buy/billing/?next=https://evil.example/", form)
    assert answer["Location"] == "/buy/billing/"
