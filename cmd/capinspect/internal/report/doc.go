// SPDX-License-Identifier: Apache-2.0

// Package report is the JSON form of what the commands find, as docs/schema.json has it.
// Each output is a struct with JSON tags. The functions named From... make one from what
// the other packages know, [Marshal] writes it, and [Read] makes tasks of a saved report
// with the same structs.
//
// To the tags of encoding/json come two of our own. The tag lines says which values have a
// line for each member or element: "members" for an object, "elements" for an array,
// "elements,members" for an array of such objects. The tag unknown changes the path under
// which the object "unknown" lists a value: see [Unknown].
//
// The package writes no text for people, and opens no file.
package report
