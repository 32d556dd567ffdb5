# Trailmap in a small image: the program alone, for a Postgres beside it (see compose.yaml). It runs as nobody in particular and
# writes to /tmp alone: docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges …

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN make setup-build
RUN make release

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Trailmap" \
      org.opencontainers.image.description="CloudTrail files in, a shareable dashboard out" \
      org.opencontainers.image.source="https://github.com/trailmap/trailmap" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/trailmap /usr/local/bin/trailmap
# GeoIP databases may be mounted at /var/lib/trailmap/geoip.
ENV TRAILMAP_DATA_DIR=/var/lib/trailmap TRAILMAP_LISTEN=0.0.0.0:8080
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["trailmap", "health"]
ENTRYPOINT ["trailmap"]
CMD ["serve"]
