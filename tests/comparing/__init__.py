"""Our tables beside the sandbox's world, field by field: `differences(zoho)` is empty when they are equal."""

from tests.comparing.comparer import ALL_MODULES, differences

__all__ = ["ALL_MODULES", "differences"]
