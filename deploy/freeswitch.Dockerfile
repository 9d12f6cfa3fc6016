# FreeSWITCH from its vendor's Debian repository. The vendor asks for a personal access token; it is a build
# secret and stays out of every layer:
#   docker compose build freeswitch
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates curl libjemalloc2 \
 && rm -rf /var/lib/apt/lists/*
RUN --mount=type=secret,id=signalwire_token,required=true \
    set -eu; \
    host=freeswitch.signalwire.com; \
    umask 077; \
    printf 'machine %s\nlogin signalwire\npassword %s\n' "$host" "$(cat /run/secrets/signalwire_token)" > /root/.netrc; \
    cp /root/.netrc /etc/apt/auth.conf.d/freeswitch.conf 2>/dev/null || cp /root/.netrc /etc/apt/auth.conf; \
    curl --fail --silent --show-error --netrc \
      --output /usr/share/keyrings/freeswitch.gpg \
      "https://$host/repo/deb/debian-release/signalwire-freeswitch-repo.gpg"; \
    chmod 0644 /usr/share/keyrings/freeswitch.gpg; \
    echo "deb [signed-by=/usr/share/keyrings/freeswitch.gpg] https://$host/repo/deb/debian-release/ bookworm main" \
      > /etc/apt/sources.list.d/freeswitch.list; \
    chmod 0644 /etc/apt/sources.list.d/freeswitch.list; \
    apt-get update; \
    apt-get install --yes --no-install-recommends \
      freeswitch freeswitch-mod-console freeswitch-mod-logfile freeswitch-mod-event-socket \
      freeswitch-mod-json-cdr freeswitch-mod-sofia freeswitch-mod-commands freeswitch-mod-dptools \
      freeswitch-mod-dialplan-xml freeswitch-mod-sndfile freeswitch-mod-native-file \
      freeswitch-mod-tone-stream freeswitch-mod-opus freeswitch-mod-spandsp; \
    rm -rf /var/lib/apt/lists/* /root/.netrc /etc/apt/auth.conf /etc/apt/auth.conf.d/freeswitch.conf \
      /etc/apt/sources.list.d/freeswitch.list
# A call costs a third more without it (docs/operation.md, "Install").
ENV LD_PRELOAD=libjemalloc.so.2
# node.sounds_dir of the settings.
COPY freeswitch/sounds /usr/share/fernamt/sounds
# The configuration is rendered by fernamt into the first one before FreeSWITCH starts; in the others lie what the
# configuration names, and records of calls.
VOLUME /etc/fernamt/freeswitch /var/lib/fernamt /var/spool/fernamt
ENTRYPOINT ["freeswitch", "-nonat", "-nf", "-nc", "-rp", \
            "-conf", "/etc/fernamt/freeswitch", "-log", "/var/log/freeswitch", \
            "-db", "/var/lib/freeswitch/db", "-run", "/run/freeswitch", \
            "-certs", "/var/lib/fernamt/tls"]
