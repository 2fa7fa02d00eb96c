# The command line with the sandbox, for any CI service that runs containers:
#   docker build -t teams-importer . && docker run --rm -v "$PWD:/work" teams-importer validate
# Pin PYTHON by its digest where you build it. A read-only root is fine: only what is mounted is written to.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /source
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /opt/teams-importer \
    && /opt/teams-importer/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
RUN /opt/teams-importer/bin/python -m pip install --no-cache-dir --no-build-isolation --no-deps . \
    && /opt/teams-importer/bin/python -m compileall -q /opt/teams-importer/lib

FROM ${PYTHON}
LABEL org.opencontainers.image.title="teams-importer" \
    org.opencontainers.image.description="Content as code for Stack Overflow for Teams" \
    org.opencontainers.image.licenses="MIT"
# git keeps journals on refs, and knows the version between two conversions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --uid 10001 importer
COPY --from=build /opt/teams-importer /opt/teams-importer
ENV PATH=/opt/teams-importer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /work
ENTRYPOINT ["teams-importer"]
CMD ["--help"]
