# The controller and the command-line program. FreeSWITCH has its own image (deploy/freeswitch.Dockerfile).
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/fernamt
COPY pyproject.toml setup.cfg README.md LICENSE ./
COPY acd acd
COPY availability availability
COPY cli cli
COPY controller controller
COPY dialplan dialplan
COPY documents documents
COPY firewall firewall
COPY freeswitch freeswitch
COPY lab lab
COPY numbering numbering
COPY privacy privacy
COPY provisioning provisioning
COPY rating rating
COPY store store
COPY teams teams
COPY web web
RUN /opt/fernamt/bin/pip install --no-cache-dir .

FROM python:3.12-slim-bookworm
# It speaks the texts of announcements.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends espeak-ng \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --home-dir /var/lib/fernamt --create-home fernamt
COPY --from=build /opt/fernamt /opt/fernamt
COPY examples /usr/share/fernamt/examples
ENV PATH=/opt/fernamt/bin:$PATH
USER fernamt
WORKDIR /var/lib/fernamt
ENTRYPOINT ["fernamt"]
CMD ["--help"]
