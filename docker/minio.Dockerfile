# MinIO publishes no images any more; this builds the same version that scripts/setup.sh installs.
FROM golang:1.26-bookworm AS build
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
RUN CGO_ENABLED=0 GOBIN=/out go install -trimpath -ldflags='-s -w' github.com/minio/minio@${MINIO_VERSION}

FROM debian:bookworm-slim
# curl is for the health check.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates curl \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 1000 --no-create-home --home-dir /data minio \
  && install --directory --owner=minio --group=minio --mode=0700 /data
COPY --from=build /out/minio /usr/local/bin/minio

USER minio
VOLUME /data
ENTRYPOINT ["minio"]
CMD ["server", "--address", ":9000", "/data"]
