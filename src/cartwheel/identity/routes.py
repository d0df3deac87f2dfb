"""HTTP in: customers, about themselves, and staff, who forget people."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from cartwheel.kernel import http
from cartwheel.kernel.environment import environment
from cartwheel.kernel.unit_of_work import UnitOfWork
from cartwheel.kernel.vault import forget

from . import exports, service
from .answers import AcceptedExport, AddressBook, ExportAnswer, ProfileAnswer, Saved, SavedAddress
from .bodies import Erase, EraseMe, PostAddress, PutAddress, PutProfile

app = http.api("identity")


@app.get("/me", **http.route("Read one's profile", ProfileAnswer, role="customer"))
def read_me() -> Response[str]:
    return http.answer(service.read_profile(environment().store, _subject(), http.caller(app)))


@app.put("/me", **http.route("Change one's profile", Saved, role="customer"))
def put_me(profile: Annotated[PutProfile, Body()]) -> Response[str]:
    customer_id, caller = _subject(), http.caller(app)
    return http.command(app, lambda unit: service.put_profile(unit, customer_id, caller, profile))


@app.delete("/me", **http.route("Be forgotten", None, status=204, role="customer"))
def erase_me(_: Annotated[EraseMe, Body()]) -> Response[str]:
    customer_id = _subject()
    return http.command(app, lambda unit: service.erase(unit, customer_id), status=204)


@app.get("/me/addresses", **http.route("List one's addresses", AddressBook, role="customer"))
def list_addresses() -> Response[str]:
    return http.answer(service.read_addresses(environment().store, _subject()))


@app.post("/me/addresses", **http.route("Add an address", SavedAddress, status=201, role="customer"))
def add_address(address: Annotated[PostAddress, Body()]) -> Response[str]:
    customer_id = _subject()
    return http.command(app, lambda unit: service.add_address(unit, customer_id, address), status=201)


@app.put("/me/addresses/<address_id>", **http.route("Change an address", SavedAddress, role="customer"))
def put_address(address_id: str, address: Annotated[PutAddress, Body()]) -> Response[str]:
    customer_id = _subject()
    return http.command(app, lambda unit: service.put_address(unit, customer_id, address_id, address))


@app.delete("/me/addresses/<address_id>", **http.route("Remove an address", None, status=204, role="customer"))
def remove_address(address_id: str) -> Response[str]:
    customer_id = _subject()
    return http.command(app, lambda unit: service.remove_address(unit, customer_id, address_id), status=204)


@app.post("/me/exports", **http.route("Ask for all one's data", AcceptedExport, status=202, role="customer"))
def request_export() -> Response[str]:
    customer_id = _subject()
    return http.command(app, lambda unit: exports.request(unit, customer_id), status=202)


@app.get("/me/exports/<export_id>", **http.route("Read all one's data", ExportAnswer, role="customer"))
def read_export(export_id: str) -> Response[str]:
    return http.answer(exports.read(environment().store, _subject(), export_id))


@app.post("/erasures", **http.route("Forget a customer, or the guest of an order", None, status=204, role="staff"))
def erase(who: Annotated[Erase, Body()]) -> Response[str]:
    def work(unit: UnitOfWork) -> None:
        if who.customer_id is not None:
            service.erase(unit, who.customer_id)
        if who.order_id is not None:
            unit.write(forget(who.order_id))

    return http.command(app, work, status=204)


def _subject() -> str:
    subject = http.caller(app).subject
    assert subject is not None  # the routes' role demands one
    return subject


handler = http.handler(app)
