# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements/bootstrap.txt requirements/prod.txt requirements/
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt \
 && /venv/bin/uv pip sync --no-cache --require-hashes --compile-bytecode --python /venv/bin/python requirements/prod.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_ENV=production \
    PORTAL_DATA_DIR=/data \
    PORTAL_STATIC_ROOT=/app/staticfiles \
    PORTAL_HTTP_HOST=0.0.0.0 \
    PORTAL_HTTP_PORT=8000 \
    LOG_FORMAT=json
RUN useradd --system --uid 10001 --create-home --home-dir /home/portal portal \
 && install -d -o portal -g portal -m 0700 /data /data/landing
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# Collecting files needs settings, not secrets: these last for this one command only.
RUN PORTAL_ENV=embedded PORTAL_DATA_DIR=/tmp/build python manage.py collectstatic --no-input \
 && rm -rf /tmp/build \
 && python -m compileall -q accounts dataquality formats imports mapping notices portal records roster synthetic
USER portal
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-I", "portal/probe.py"]
CMD ["python", "-m", "gunicorn", "--config", "python:portal.gunicorn", "portal.wsgi:application"]
