#define _GNU_SOURCE
#include "lifeline.h"

#include "base.h"
#include "descriptors.h"
#include "execute.h"
#include "files.h"
#include "serve.h"
#include "start.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Nobody who is slow to read is waited for: what they could not be told is told when they can, and nothing is read from them
// before.

// Returns 0, or -1 where the client can't take it now or has gone.
static int tell(const struct client *client, const struct ns_report *report, int descriptor) {
    return send_with(client->socket, report, sizeof *report, &descriptor, descriptor >= 0, MSG_DONTWAIT);
}

// Of a node that has ended and was started again in the meantime, they are told the last.
static const struct held_node *next_change(const struct lifeline *lifeline, size_t count, uint64_t told) {
    const struct held_node *next = NULL;
    for (size_t i = 0; i < count && told < lifeline->last_change; i++) {
        const struct held_node *node = &lifeline->nodes[i];
        if (node->change > told && (!next || node->change < next->change)) next = node;
    }
    return next;
}

static void tell_changes(const struct ns_cluster *cluster, const struct lifeline *lifeline, struct client *client) {
    const struct held_node *node;
    while ((node = next_change(lifeline, cluster->node_count, client->told))) {
        struct ns_report report = {
            .kind = node->process ? NS_STARTED : NS_ENDED,
            .node = node - lifeline->nodes,
            .code = node->status,
        };
        if (tell(client, &report, -1) < 0) return;
        client->told = node->change;
    }
}

static void note_end(const struct ns_cluster *cluster, struct lifeline *lifeline, size_t index, int status) {
    struct held_node *node = &lifeline->nodes[index];
    int files = take_files(node->channel);
    if (files >= 0) {
        if (node->files >= 0) close(node->files);
        node->files = files;
    }
    close(node->channel);
    node->channel = -1;
    refuse_connections(&cluster->nodes[index]);
    node->process = 0;
    node->status = status;
    node->change = ++lifeline->last_change;
}

// Returns 0, or an errno.
static int start_again(const struct ns_cluster *cluster, struct lifeline *lifeline, size_t index) {
    if (start_node(cluster, index, lifeline)) return errno ?: EINVAL;
    take_connections(&cluster->nodes[index]);
    lifeline->nodes[index].change = ++lifeline->last_change;
    return 0;
}

static void bury(const struct ns_cluster *cluster, struct lifeline *lifeline) {
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        if (end_execution(ended, status)) continue;
        size_t i = 0;
        while (i < cluster->node_count && lifeline->nodes[i].process != ended && lifeline->nodes[i].next.process != ended) i++;
        if (i == cluster->node_count) {
            if (lifeline->leaving) lifeline->leaving--;
            continue;
        }
        if (lifeline->nodes[i].next.process == ended) {
            forget_next(&lifeline->nodes[i]);
            continue;
        }
        note_end(cluster, lifeline, i, status);
        // Whoever wants to know why it could not be started sees that it has ended.
        if (WIFEXITED(status) && WEXITSTATUS(status) == ends_to_start_again) start_again(cluster, lifeline, i);
    }
}

// The new node starts while the kernel takes the old one away: none of the two has anything that is the other's.
static int reset(const struct ns_cluster *cluster, struct lifeline *lifeline, size_t index) {
    struct held_node *node = &lifeline->nodes[index];
    if (node->process) {
        kill(node->process, SIGKILL);
        lifeline->leaving++;
        note_end(cluster, lifeline, index, SIGKILL);
    }
    if (node->files >= 0) close(node->files);
    node->files = -1;
    return start_again(cluster, lifeline, index);
}

// Returns an errno, or 0; `descriptor` is what goes with the answer.
static int serve_node_request(
    const struct ns_cluster *cluster, struct lifeline *lifeline, const struct ns_request *request, int *descriptor) {
    struct held_node *node = &lifeline->nodes[request->node];
    if (request->kind == NS_RESET) return reset(cluster, lifeline, request->node);
    if (request->kind == NS_PREPARE) {
        begin_next(cluster, request->node, lifeline);
        return 0;
    }
    if (request->kind == NS_START || request->kind == NS_EQUIP) {
        if (node->process) return 0;
        node->lacks_files |= request->kind == NS_EQUIP;
        return start_again(cluster, lifeline, request->node);
    }
    if (request->kind == NS_FILES) {
        int files = node->process ? take_files(node->channel) : -1;
        if (files >= 0) node->files = files;
        *descriptor = node->files;
        return node->files < 0 ? ENOENT : 0;
    }
    if (!node->process) return ESRCH;
    if (request->kind == NS_KILL) return kill(node->process, SIGKILL) < 0 ? errno : 0;
    if (request->kind != NS_CHANNEL) return ENOSYS;
    *descriptor = node->channel;
    return 0;
}

static int serve_request(
    const struct ns_cluster *cluster, struct lifeline *lifeline, const struct ns_request *request, int *descriptor) {
    if (request->kind == NS_ASK) return lifeline->leaving ? EBUSY : 0;
    if (request->kind == NS_RENEW) {
        // What was begun ahead sees the folders that there were.
        for (size_t i = 0; shares_folders(cluster) && i < cluster->node_count; i++) end_next(lifeline, i);
        renew_shared(&(struct step){cluster, -1});
        return 0;
    }
    if (request->kind == NS_STAY) {
        lifeline->stays = 1;
        return 0;
    }
    if (request->kind == NS_CHANNEL && request->node == -1) {
        *descriptor = lifeline->channel[1];
        return 0;
    }
    if (request->node < 0 || (size_t)request->node >= cluster->node_count) return EINVAL;
    return serve_node_request(cluster, lifeline, request, descriptor);
}

// Whoever asks the lifeline can have programs of this machine run. A node may see a cluster's folder, in a folder that is shared with it. It can't show
// the user namespace that the maker is in: the kernel lets nobody have one above their own. Returns 0, or -1 if it is somebody else's.
static int get_to_know(const struct ns_cluster *cluster, struct client *client) {
    char byte;
    int users;
    size_t count = 1;
    struct stat status;
    ssize_t received = receive_with(client->socket, &byte, 1, &users, &count, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (received != 1 || count != 1) return -1;
    client->is_known = fstat(users, &status) == 0 && status.st_dev == cluster->users[0] && status.st_ino == cluster->users[1];
    close(users);
    return client->is_known ? 0 : -1;
}

// Returns 0, or -1 if the client has gone, or does not read what it has asked for.
static int serve_client(const struct ns_cluster *cluster, struct lifeline *lifeline, struct client *client) {
    struct ns_request request;
    if (!client->is_known) return get_to_know(cluster, client);
    ssize_t count = recv(client->socket, &request, sizeof request, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count != sizeof request) return -1;
    int descriptor = -1;
    struct ns_report answer = {.kind = NS_ANSWER, .node = request.node, .value = request.value};
    answer.code = serve_request(cluster, lifeline, &request, &descriptor);
    // Whoever has an answer knows what has changed before.
    tell_changes(cluster, lifeline, client);
    return tell(client, &answer, descriptor);
}

// The cluster's own processes have numbers here, and those outside of it have none.
static int is_outside(int socket) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == 0;
}

static void accept_client(const struct ns_cluster *cluster, struct lifeline *lifeline) {
    int socket = accept4(cluster->listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0) return;
    if (is_outside(socket))
        lifeline->clients[lifeline->client_count++] = (struct client){.socket = socket};
    else
        close(socket);
}

static void let_go(struct lifeline *lifeline, size_t client) {
    // The kernel ends everything in here with this process, unmounts what is mounted and removes the interfaces.
    if (client == 0 && !lifeline->stays) _exit(0);
    // The maker's place stays theirs, and so does the number of their socket, by which nodes know it that are started later.
    if (client == 0) {
        lifeline->clients[0].socket = -1;
    } else {
        close(lifeline->clients[client].socket);
        lifeline->clients[client] = lifeline->clients[--lifeline->client_count];
    }
}

_Noreturn void hold_together(const struct ns_cluster *cluster, int maker, struct lifeline *lifeline) {
    enum { listener, maker_process, asked, first_refusal, first_asker = first_refusal + refusal_count };
    static struct pollfd polled[first_asker + most_executions + most_clients];
    lifeline->clients[lifeline->client_count++] = (struct client){.socket = cluster->lifeline, .is_known = 1};
    for (;;) {
        // Whoever comes when all places are taken waits for one.
        polled[listener] = (struct pollfd){
            .fd = lifeline->client_count < most_clients ? cluster->listener : -1, .events = POLLIN};
        // A child of the maker may outlive them that has a copy of their socket.
        polled[maker_process] = (struct pollfd){.fd = lifeline->stays ? -1 : maker, .events = POLLIN};
        polled[asked] = (struct pollfd){.fd = lifeline->channel[0], .events = POLLIN};
        for (int i = 0; i < refusal_count; i++)
            polled[first_refusal + i] = (struct pollfd){.fd = lifeline->refusals[i].packets, .events = POLLIN};
        size_t askers = executions_await(polled + first_asker), first_client = first_asker + askers;
        size_t count = lifeline->client_count;
        for (size_t i = 0; i < count; i++) {
            struct client *client = &lifeline->clients[i];
            if (client->socket >= 0 && client->is_known) tell_changes(cluster, lifeline, client);
            polled[first_client + i] = (struct pollfd){
                .fd = client->socket, .events = client->is_known && client->told < lifeline->last_change ? POLLOUT : POLLIN};
        }
        int ready = poll_or_bury(polled, first_client + count, -1);
        bury(cluster, lifeline);
        if (ready <= 0) continue;
        if (polled[maker_process].revents) _exit(0);
        executions_abandon(polled + first_asker, askers);
        if (polled[asked].revents) receive_request(lifeline->channel[0], NULL, 1);
        for (int i = 0; i < refusal_count; i++)
            if (polled[first_refusal + i].revents) refuse(cluster, &lifeline->refusals[i]);
        // From the last to the first, since who goes is replaced by the last.
        for (size_t i = count; i-- > 0;) {
            short events = polled[first_client + i].revents;
            if (!events || events == POLLOUT) continue;
            if (serve_client(cluster, lifeline, &lifeline->clients[i]) < 0) let_go(lifeline, i);
        }
        if (polled[listener].revents) accept_client(cluster, lifeline);
    }
}
