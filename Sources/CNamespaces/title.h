#ifndef CLUSTER_FIXTURE_TITLE_H
#define CLUSTER_FIXTURE_TITLE_H

/// Finds where the kernel reads the words and the environment of this process. Called before a clone, since it opens a file.
void title_find(void);

/// Gives the calling process, which is a clone, a name and a title of its own, in the place of the name, the words and the
/// environment of the program that it is a clone of. Without it, all of them would be seen by every user of every node.
///
/// @param name   What programs that show names show (`ps -e`, `pgrep`): 15 bytes.
/// @param title  What programs that show command lines show (`ps -ef`, `pgrep -f`).
void title_set(const char *name, const char *title);

#endif
