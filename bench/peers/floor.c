/*
 * The floor of the comparison: receives up to 64 datagrams in one call, sets QR, sends them back in one call. It looks at
 * nothing, so its cost is the kernel's and that of the loop.
 *
 * Usage: floor ADDRESS PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define OCTETS 1232
#define HEADER_OCTETS 12
#define QR 0x80

static unsigned char buffers[BATCH][OCTETS];
static struct sockaddr_in clients[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static int listen_on(const char *address, int port)
{
	struct sockaddr_in self = { .sin_family = AF_INET, .sin_port = htons(port) };
	int bytes = 4 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &self.sin_addr) != 1)
		return -1;
	/* Best effort: the kernel caps it at net.core.rmem_max. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	return bind(fd, (struct sockaddr *)&self, sizeof self) == 0 ? fd : -1;
}

static void prepare(void)
{
	for (int i = 0; i < BATCH; i++) {
		vectors[i].iov_base = buffers[i];
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_name = &clients[i];
	}
}

static int receive(int fd)
{
	for (int i = 0; i < BATCH; i++) {
		vectors[i].iov_len = OCTETS;
		messages[i].msg_hdr.msg_namelen = sizeof clients[i];
	}
	/* Sleeps for the first, then takes what is there. */
	return recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
}

static void answer(int fd, int count)
{
	for (int i = 0; i < count; i++) {
		vectors[i].iov_len = messages[i].msg_len;
		if (messages[i].msg_len >= HEADER_OCTETS)
			buffers[i][2] |= QR;
	}
	for (int sent = 0; sent < count;) {
		int done = sendmmsg(fd, messages + sent, count - sent, 0);
		/* One datagram that cannot be sent must not hold up the others. */
		sent += done > 0 ? done : 1;
	}
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3 || (fd = listen_on(argv[1], atoi(argv[2]))) < 0) {
		fprintf(stderr, "usage: floor ADDRESS PORT (%s)\n", strerror(errno));
		return 1;
	}
	prepare();
	for (;;) {
		int count = receive(fd);
		if (count > 0)
			answer(fd, count);
		else if (count < 0 && errno != EINTR && errno != ECONNREFUSED)
			return 1;
	}
}
