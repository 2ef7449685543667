# The operator's image. `make image` makes the wheelhouse and builds this with docker, podman or buildah; by hand it is
#
#   make wheelhouse PYTHON_VERSION=3.13
#   docker build -t realtime-operator .
#
# Nothing is fetched while it builds: every wheel comes from dist/wheelhouse, checked against requirements/runtime.lock when it was put there.
# Base: any with glibc and `python3` in the minor version that the wheelhouse was made for, which is checked. It brings the certificates
# of public authorities (package ca-certificates), too.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS install
COPY hack/image/install.py /build/install.py
COPY dist/wheelhouse /build/wheelhouse
RUN ["python3", "/build/install.py", "/build/wheelhouse", "/opt/realtime-operator"]

FROM ${BASE_IMAGE}
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="realtime-operator" \
      org.opencontainers.image.description="Mints short-lived Realtime API tokens into Secrets and rotates them before they expire." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=install /opt/realtime-operator /opt/realtime-operator
# The official images have no bytecode of the standard library, and here nothing can be written at run time: each start would compile it anew,
# for more than a second. An import as root, now, keeps that of the modules that are used, and shows that all of them are there.
RUN ["/opt/realtime-operator/bin/python", "-c", "import realtime_operator.__main__, realtime_operator.await_ready"]
# one arena of malloc: the two threads that allocate much never run at the same time
ENV PATH=/opt/realtime-operator/bin:/usr/local/bin:/usr/bin:/bin \
    MALLOC_ARENA_MAX=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# a number, so that the kubelet can tell that it is not root
USER 65532:65532
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/realtime-operator/bin/realtime-operator"]
