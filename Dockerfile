# Qalqan in a container. Mount a folder with qalqan.yaml and the feeds at /etc/qalqan; in it `data: /var/lib/qalqan`, and for the health
# check `http.admin: 127.0.0.1:8081` or another address with QALQAN_HEALTH set to its /healthz.
#
#   docker build -t qalqan .
#   docker run --rm --ulimit nice=20:20 -v ./qalqan:/etc/qalqan:ro -v qalqan-data:/var/lib/qalqan -p 53:53/udp -p 53:53/tcp -p 80:8080 qalqan
#
# With the limit on nice, lists are also read again where no core is ever idle. The user is not root. Docker lets it listen on port 53; where another runtime does not, listen on 5300 and publish 53:5300.
FROM node:26-slim

ENV NODE_ENV=production QALQAN_HEALTH=http://127.0.0.1:8081/healthz
WORKDIR /opt/qalqan

# First what changes seldom, so that it is taken from the layers of an earlier build. Without development packages: the image's Node is
# the runtime, and the one that the package `node` would bring is left out.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force

COPY LICENSE README.md ./
COPY bin ./bin
COPY src ./src
RUN install -d -o node -g node -m 0700 /var/lib/qalqan

USER node
VOLUME /var/lib/qalqan
EXPOSE 53/udp 53/tcp 8080/tcp 8081/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(process.env.QALQAN_HEALTH).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/opt/qalqan/bin/qalqan"]
CMD ["serve", "--config", "/etc/qalqan/qalqan.yaml"]
