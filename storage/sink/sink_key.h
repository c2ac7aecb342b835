/*
 * sink_key: the paths by which a database remembers its outputs.
 *
 * A path that was given relative is remembered relative to the folder of the
 * database, so that a tree can be moved with all that is in it.
 */
#ifndef STORAGE_SINK_SINK_KEY_H
#define STORAGE_SINK_SINK_KEY_H

/*
 * Both return a text that the caller owns; NULL when a folder of the path
 * cannot be resolved. Links in folders are followed, the last name is not.
 */
/* The path as seen from the folder of `database`: "../out/o.jsonl". */
char *sink_key_relative(const char *database, const char *path);
char *sink_key_absolute(const char *path);

#endif
