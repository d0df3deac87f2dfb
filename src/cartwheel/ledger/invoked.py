"""Called by name: `EventPublisher`."""

from cartwheel.kernel import direct

from . import service

publisher = direct.handler(service.PlaceOrder, service.publish)
