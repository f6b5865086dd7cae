#ifndef CLUSTER_FIXTURE_WIRE_H
#define CLUSTER_FIXTURE_WIRE_H

/// Has the wire of the calling process's network do what standard input says, and nothing else any more.
///
/// The wire is a process that carries frames in the kernel's place, and on the way delays, loses, doubles, reorders, damages or slows
/// them, each direction by its own settings: for kernels without netem, and where the same frames are to be lost again. There is one in
/// a network, if any. It is started when there is something to do for it, and ends when there is nothing any more and what waits is sent.
///
/// Frames are led to it by rules of nft(8): sent on to `wire0`, with the direction's number for a mark. It sends them on marked with
/// 0x57495245 ("WIRE"), which the rules let pass.
///
/// A line is a direction's: its number, the interface that leads to the sender and the one that leads on, a seed; latency and jitter in
/// nanoseconds, bits per second (0: any number), bytes of the longest packet (0: any length), whether longer ones vanish without a word
/// (1); the chances of loss, doubling, reordering and damage, of 4294967296.
///
/// It says on standard output how many frames have got by it since it was asked last, and on standard error what went wrong.
///
/// @return An exit status.
int wire_main(void);

#endif
