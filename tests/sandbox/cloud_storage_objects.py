"""The objects behind the Cloud Storage stand-in, and its rules for writing them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import google_crc32c

from tests.sandbox.control import Json


class Refused(Exception):
    """A request that gets an error: JSON or XML, as the interface asked."""

    def __init__(
        self, status: int, message: str, reason: str, location: tuple[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.location = location


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """One generation of an object."""

    bucket: str
    name: str
    generation: int
    content_type: str
    metadata: Mapping[str, Json]
    data: bytes
    created_at: datetime

    @property
    def md5(self) -> str:
        """Base64, as the interface has it."""
        return base64.b64encode(hashlib.md5(self.data, usedforsecurity=False).digest()).decode()

    @property
    def crc32c(self) -> str:
        """Base64 in big-endian order, as the interface has it."""
        return crc32c(self.data)

    def as_json(self, base_url: str) -> dict[str, Json]:
        """https://cloud.google.com/storage/docs/json_api/v1/objects#resource."""
        path = f"/b/{self.bucket}/o/{self.name.replace('/', '%2F')}"
        instant = self.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        resource: dict[str, Json] = {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{base_url}/storage/v1{path}",
            "mediaLink": f"{base_url}/download/storage/v1{path}"
            f"?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": "1",
            "contentType": self.content_type,
            "storageClass": "STANDARD",
            "size": str(len(self.data)),
            "md5Hash": self.md5,
            "crc32c": self.crc32c,
            "etag": self.etag,
            "timeCreated": instant,
            "updated": instant,
            "timeStorageClassUpdated": instant,
        }
        if self.metadata:
            resource["metadata"] = dict(self.metadata)
        return resource

    @property
    def etag(self) -> str:
        """Changes with every generation."""
        return base64.b64encode(f"{self.generation}/1".encode()).decode()


def crc32c(data: bytes) -> str:
    """The CRC32C of `data`, base64 in big-endian order."""
    # The package ships without types.
    value = cast("Callable[[bytes], int]", google_crc32c.value)
    return base64.b64encode(value(data).to_bytes(4, "big")).decode()


@dataclass(slots=True)
class Bucket:
    """A bucket; generations outlive their objects, so that none ever comes twice."""

    objects: dict[str, StoredObject] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """What an upload promised about the object it writes."""

    bucket: str
    name: str
    content_type: str
    metadata: Mapping[str, Json]
    md5: str | None
    crc32c: str | None
    conditions: Mapping[str, str]


class Objects:
    """All buckets. `utc_now` (machine time) dates objects."""

    def __init__(self, bucket_names: frozenset[str], utc_now: Callable[[], datetime]) -> None:
        self._bucket_names = bucket_names
        self._utc_now = utc_now
        self._buckets: dict[str, Bucket] = {}
        self.reset()

    def reset(self) -> None:
        """Empties every bucket."""
        self._buckets = {name: Bucket() for name in self._bucket_names}

    def bucket(self, name: str) -> Bucket:
        """A bucket, or 404."""
        if name not in self._buckets:
            raise Refused(404, "The specified bucket does not exist.", "notFound")
        return self._buckets[name]

    def get(self, bucket: str, name: str, conditions: Mapping[str, str]) -> StoredObject:
        """An object, or 404, 412, 304."""
        found = self.bucket(bucket).objects.get(name)
        generation = conditions.get("generation")
        if found is None or (generation is not None and generation != str(found.generation)):
            raise Refused(404, f"No such object: {bucket}/{name}", "notFound")
        check_conditions(found, conditions, reading=True)
        return found

    def write(self, writing: Writing, data: bytes) -> StoredObject:
        """Stores an object once its checksums and preconditions hold."""
        bucket = self.bucket(writing.bucket)
        check_conditions(bucket.objects.get(writing.name), writing.conditions, reading=False)
        generation = bucket.generations.get(writing.name, 0) + 1
        written = StoredObject(
            bucket=writing.bucket,
            name=writing.name,
            generation=generation,
            content_type=writing.content_type,
            metadata=writing.metadata,
            data=data,
            created_at=self._utc_now(),
        )
        _check_sum("MD5 hash", writing.md5, written.md5)
        _check_sum("CRC32C", writing.crc32c, written.crc32c)
        bucket.generations[writing.name] = generation
        bucket.objects[writing.name] = written
        return written

    def delete(self, bucket: str, name: str, conditions: Mapping[str, str]) -> None:
        """Deletes an object, or 404, 412."""
        found = self.get(bucket, name, {})
        check_conditions(found, conditions, reading=False)
        del self.bucket(bucket).objects[name]


def check_conditions(
    found: StoredObject | None, conditions: Mapping[str, str], *, reading: bool
) -> None:
    """https://cloud.google.com/storage/docs/request-preconditions."""
    generation = found.generation if found else 0
    metageneration = 1 if found else 0
    must = {"ifGenerationMatch": generation, "ifMetagenerationMatch": metageneration}
    must_not = {"ifGenerationNotMatch": generation, "ifMetagenerationNotMatch": metageneration}
    for name, actual in must.items():
        if name in conditions and _number(name, conditions[name]) != actual:
            raise _condition_not_met("If-Match")
    for name, actual in must_not.items():
        if name in conditions and _number(name, conditions[name]) == actual:
            if reading:
                raise Refused(304, "", "notModified")
            raise _condition_not_met("If-None-Match")


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise Refused(400, f"Invalid long value: '{text}'.", "invalid", ("parameter", name))
    return int(text)


def _condition_not_met(header: str) -> Refused:
    return Refused(
        412,
        "At least one of the pre-conditions you specified did not hold.",
        "conditionNotMet",
        ("header", header),
    )


def _check_sum(kind: str, provided: str | None, calculated: str) -> None:
    if provided is not None and provided != calculated:
        raise Refused(
            400,
            f'Provided {kind} "{provided}" doesn\'t match calculated {kind} "{calculated}".',
            "invalid",
        )
