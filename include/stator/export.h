#ifndef STATOR_EXPORT_H
#define STATOR_EXPORT_H

/* What libstator.so shows of itself: everything else in it is hidden. */
#if defined(__GNUC__)
#define STATOR_API __attribute__((visibility("default")))
#else
#define STATOR_API
#endif

#endif
