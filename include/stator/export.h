#ifndef STATOR_EXPORT_H
#define STATOR_EXPORT_H

/* Marks what libstator.so exports; everything else in it is hidden. */
#if defined(__GNUC__)
#define STATOR_API __attribute__((visibility("default")))
#else
#define STATOR_API
#endif

#endif
