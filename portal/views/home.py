"""Home: the import apps of the district and what they did last."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.current import DistrictRequest, require_member
from portal.selectors.home import figures_of, recent_syncs, tiles_of


@require_member
def home(request: DistrictRequest) -> HttpResponse:
    """Show a tile per activated app; before the first one, what to do."""
    tiles = tiles_of(request.district)
    return render(
        request,
        "portal/home.html",
        {
            "tiles": tiles,
            "attention": [one for tile in tiles for one in tile.attention],
            "figures": figures_of(request.district),
            "recent": recent_syncs(request.district),
            "is_first_run": not any(tile.last for tile in tiles),
        },
    )
