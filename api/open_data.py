"""Open data: the releases that exist, and their files as they were released."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.reading import Connection
from energy.time import rfc3339
from store.releases import read_file, read_releases

router = APIRouter(prefix="/open/v1", tags=["open data"])


@router.get("")
def list_datasets(connection: Connection) -> dict[str, Any]:
    """Every dataset with its releases, newest first; only what the disclosure policy lets out is ever here."""
    datasets: dict[str, list[dict[str, Any]]] = {}
    for row in read_releases(connection):
        release = {**row, "released_at": rfc3339(row["released_at"])}
        datasets.setdefault(release.pop("dataset"), []).append(release)
    return {"datasets": [{"dataset": name, "releases": releases} for name, releases in datasets.items()]}


@router.get("/{dataset}/{name}", response_class=Response)
def show_file(
    dataset: str,
    name: str,
    connection: Connection,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="release; the newest by default")] = None,
) -> Response:
    """A file of a release: datapackage.json describes the others."""
    file = read_file(connection, dataset, name, version)
    headers = {"ETag": f'"{file.sha256}"', "Access-Control-Allow-Origin": "*"}
    return Response(file.content, media_type=file.media_type, headers=headers)
