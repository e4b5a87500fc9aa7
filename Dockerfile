# One image for the API, the worker and the migration: the command is what differs.
# Written where no Docker engine runs: nobody has built it yet.

# The wheel is built with the pinned development tools, which stay behind in this stage.
FROM python:3.13-slim AS wheel
WORKDIR /src
COPY requirements-dev.lock ./
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements-dev.lock
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY domain domain
COPY liudai liudai
COPY ml ml
COPY workers workers
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 \
    LIUDAI_HOME=/var/lib/liudai \
    LIUDAI_HOST=0.0.0.0
RUN useradd --system --uid 10001 --home-dir /var/lib/liudai --create-home liudai
COPY requirements.lock /tmp/
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.lock \
    && rm /tmp/requirements.lock
COPY --from=wheel /wheels/*.whl /tmp/wheels/
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl && rm -r /tmp/wheels
USER liudai
WORKDIR /var/lib/liudai
VOLUME /var/lib/liudai
EXPOSE 8000
ENTRYPOINT ["liudai"]
CMD ["serve"]
