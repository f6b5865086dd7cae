#ifndef CLUSTER_FIXTURE_WAY_IN_H
#define CLUSTER_FIXTURE_WAY_IN_H

#include <stddef.h>
#include <stdint.h>

// How frames, and settings, get to the wire of a network.

enum { NEWS_ROOM = 1 << 20 };

/// The wire's sockets.
struct way_in {
    int in;       ///< frames come here
    int out;      ///< and are sent here
    int links;    ///< it is told here that interfaces have changed
    int control;  ///< settings come here
};

/// A frame that has come.
struct received {
    uint8_t *frame;
    size_t room, length;  ///< the length is 0 if it does not fit
    uint32_t mark;
};

/// Becomes the network's wire: makes the interfaces to which frames are led, and the sockets. Returns 0 or an errno, EADDRINUSE if there is
/// another.
int way_in_make(struct way_in *way_in);

/// Takes the interfaces away.
void way_in_remove(const struct way_in *way_in);

/// Takes frames that have come, without waiting. Returns how many.
int way_in_receive(const struct way_in *way_in, struct received *frames, int most);

/// Takes note that interfaces have changed.
void way_in_forget_changes(const struct way_in *way_in);

/// How many frames the kernel could not keep since this was asked last.
uint64_t way_in_missed(const struct way_in *way_in);

/// Reads a text up to its end. Returns 0, or -1.
int way_in_read(int descriptor, char *text, size_t room);

/// Takes settings. Returns where to answer, or -1.
int way_in_accept(const struct way_in *way_in, char *text, size_t room);

/// Answers: whether the settings could not be followed, and how many frames were missed.
void way_in_answer(int asker, int code, uint64_t missed);

/// Gives the wire that there is new settings, and tells what it answers. Returns an exit status, or -1 if there is none.
int way_in_ask(const char *text);

/// Says how many frames were missed. Returns an exit status.
int way_in_say_missed(uint64_t missed);

/// Says what went wrong. Returns an exit status.
int way_in_complain(const char *cause);

/// Lets go of the standard streams.
void way_in_leave_streams(void);

#endif
