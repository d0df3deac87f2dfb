"""What all stacks have in common."""

from aws_cdk import App, Stack

from infra.settings import Settings


class Part(Stack):
    """The stack `cartwheel-<stage>-<part>`, for no account or region in particular."""

    def __init__(self, app: App, part: str, settings: Settings) -> None:
        super().__init__(
            app,
            f"cartwheel-{settings.stage}-{part}",
            tags={"project": "cartwheel", "stage": settings.stage},
            termination_protection=settings.production,
        )
        self.settings = settings
