# kassabrug in a container: `docker compose up` (docker-compose.yml), or alone with a folder that holds kassabrug.toml:
#   docker build -t kassabrug . && docker run -v ./shop:/data -p 127.0.0.1:8080:8080 kassabrug
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY app app
COPY connectors connectors
COPY streams streams
RUN python -m venv /opt/kassabrug \
 && /opt/kassabrug/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt ".[postgres]"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home kassabrug \
 && install --directory --owner kassabrug --group kassabrug /data
COPY --from=build /opt/kassabrug /opt/kassabrug
ENV PATH=/opt/kassabrug/bin:$PATH PYTHONUNBUFFERED=1
USER kassabrug
# kassabrug.toml is read from here, and what it names without a folder is put here.
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["kassabrug"]
CMD ["up", "--host", "0.0.0.0", "--port", "8080"]
