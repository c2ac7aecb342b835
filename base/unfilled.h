/*
 * unfilled: buffers that are left as they are when their function begins.
 *
 * The release is built so that every variable begins as zeros: a bug that reads
 * one before it is written finds nothing of what lay there. For a buffer of
 * some KiB that is filled for each page or link, the zeros cost more than the
 * work; such a buffer is marked UNFILLED. Its first bytes are written before
 * any is read, which the sanitizers' build shows.
 */
#ifndef BASE_UNFILLED_H
#define BASE_UNFILLED_H

#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNFILLED __attribute__((uninitialized))
#endif
#endif
#ifndef UNFILLED
#define UNFILLED
#endif

#endif
