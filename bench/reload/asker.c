/*
 * asker PORT PER_SECOND SECONDS FILE: asks 127.0.0.1 the names of FILE (one a line, type A) as many clients do that know nothing of each other (the time
 * between two questions is random, exponentially), and prints how long the answers took.
 *
 * A question's time is taken just before it is sent, an answer's by the kernel when the server sends it (SO_TIMESTAMPNS; on loopback that is within the
 * server's own call): that this program or its core is busy delays no answer. It never waits for an answer before it asks on; when it was held up itself, as by
 * the machine below a virtual one, what it did not ask meanwhile is left out rather than asked in one rush. Runs before everybody else on its core
 * where it may, and sleeps between its turns.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SOCKETS 8
#define IDS 65536
#define NAMES_MAX 1000000
#define SECOND_NS 1000000000LL
#define PATIENCE_NS (2 * SECOND_NS)
/* What is due within a turn is asked at once. */
#define TURN_NS 40000
/* Later than this it was held up. */
#define LATE_NS 500000
#define LOST (-1)

static char *names[NAMES_MAX];
static struct pollfd sockets[SOCKETS];
/* Of what is open, by socket and ID: when it was asked, and its number. */
static int64_t sent_at[SOCKETS][IDS];
static uint32_t asked_as[SOCKETS][IDS];
static int64_t *took;
static uint64_t state = 88172645463325252ULL;

static int64_t nanoseconds(struct timespec at) { return at.tv_sec * SECOND_NS + at.tv_nsec; }

static int64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return nanoseconds(at);
}

/* xorshift64: the same in every run. */
static double next_gap(double mean) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return -log((double)((state >> 11) + 1) / 9007199254740993.0) * mean;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int read_names(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) fail(path);
  char line[300];
  int count = 0;
  while (count < NAMES_MAX && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, " \n")] = 0;
    names[count++] = strdup(line);
  }
  fclose(file);
  return count;
}

static void open_sockets(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1, octets = 4 * 1024 * 1024;
  for (int i = 0; i < SOCKETS; i++) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) fail("SO_TIMESTAMPNS");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    sockets[i] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
}

static size_t encode(uint8_t *message, uint16_t id, const char *name) {
  memset(message, 0, 12);
  message[0] = id >> 8;
  message[1] = id & 255;
  message[2] = 1; /* RD */
  message[5] = 1; /* QDCOUNT */
  size_t at = 12;
  for (const char *label = name; *label != 0;) {
    size_t octets = strcspn(label, ".");
    message[at++] = octets;
    memcpy(message + at, label, octets);
    at += octets;
    label += octets + (label[octets] == '.');
  }
  static const uint8_t end[5] = {0, 0, 1, 0, 1}; /* the root, A, IN */
  memcpy(message + at, end, 5);
  return at + 5;
}

static void ask(int64_t number, const char *name) {
  uint8_t message[300];
  int from = number % SOCKETS;
  uint16_t id = number / SOCKETS;
  size_t octets = encode(message, id, name);
  asked_as[from][id] = number;
  sent_at[from][id] = now();
  send(sockets[from].fd, message, octets, 0);
}

static void receive(int from) {
  for (;;) {
    uint8_t message[1500], control[256];
    struct iovec part = {message, sizeof message};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(sockets[from].fd, &head, MSG_DONTWAIT) < 12) return;
    uint16_t id = message[0] << 8 | message[1];
    struct cmsghdr *stamp = CMSG_FIRSTHDR(&head);
    /* NOERROR, with an answer: an error is no answer here. */
    if ((message[3] & 15) != 0 || message[7] == 0 || sent_at[from][id] == 0) continue;
    if (stamp == NULL || stamp->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec at;
    memcpy(&at, CMSG_DATA(stamp), sizeof at);
    took[asked_as[from][id]] = nanoseconds(at) - sent_at[from][id];
    sent_at[from][id] = 0;
  }
}

static void receive_until(int64_t until) {
  for (int64_t left; (left = until - now()) > 0;) {
    struct timespec wait = {left / SECOND_NS, left % SECOND_NS};
    /* No more often than each turn: what has come lies there with its time. */
    if (left <= TURN_NS) nanosleep(&wait, NULL);
    else ppoll(sockets, SOCKETS, &wait, NULL);
    for (int i = 0; i < SOCKETS; i++) receive(i);
  }
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The lost come last, as if they had taken for ever; a percentile among them is printed as -1. */
static void print(int64_t questions, int64_t held) {
  int64_t lost = 0;
  for (int64_t i = 0; i < questions; i++) {
    if (took[i] != LOST) continue;
    took[i] = INT64_MAX;
    lost++;
  }
  qsort(took, questions, sizeof *took, ascending);
  static const double shares[] = {0.5, 0.9, 0.99, 0.999, 1};
  printf("{\"asked\":%lld,\"lost\":%lld,\"heldNs\":%lld,\"ns\":[", (long long)questions, (long long)lost, (long long)held);
  for (int i = 0; i < 5; i++) {
    int64_t at = ceil(questions * shares[i]) - 1;
    printf("%s%lld", i == 0 ? "" : ",", took[at] == INT64_MAX ? -1LL : (long long)took[at]);
  }
  puts("]}");
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int64_t per_second = atoll(argv[2]), questions = per_second * atoll(argv[3]);
  int count = read_names(argv[4]);
  open_sockets(atoi(argv[1]));
  struct sched_param first = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO, &first);
  took = malloc(questions * sizeof *took);
  if (took == NULL || count == 0) fail("nothing to ask");
  for (int64_t i = 0; i < questions; i++) took[i] = LOST;
  double mean = (double)SECOND_NS / per_second, due = now();
  int64_t held = 0;
  for (int64_t i = 0; i < questions; i++) {
    due += next_gap(mean);
    int64_t late = now() - (int64_t)due;
    if (late < 0) receive_until((int64_t)due + TURN_NS);
    if (late > LATE_NS) {
      due += late;
      held += late;
    }
    ask(i, names[i % count]);
  }
  receive_until(now() + PATIENCE_NS);
  print(questions, held);
  return 0;
}
