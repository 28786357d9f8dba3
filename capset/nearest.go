// SPDX-License-Identifier: Apache-2.0

package capset

// Closest returns the capabilities whose names are nearest to a misspelt one, at
// most three.
func Closest(name string) Set { return Of(closest(shorten(name))...) }

// closest returns the capabilities whose short names are nearest to a misspelt one, as
// Nearest does.
func closest(short string) []Cap {
	return nearest(short, len(table), func(i int) string { return table[i].name[len(prefix):] }, func(i int) Cap { return Cap(i) })
}

// Nearest returns the words of a list that are nearest to a misspelt one, at most three:
// those with the least edit distance, if that is no more than a third of the word.
func Nearest(word string, known []string) []string {
	return nearest(word, len(known), func(i int) string { return known[i] }, func(i int) string { return known[i] })
}

func nearest[T any](word string, n int, name func(int) string, value func(int) T) (found []T) {
	const longest = 36 // of a word that anybody mistypes
	if len(word) > longest {
		return nil
	}
	best := max(1, len(word)/3)
	for i := range n {
		d := distance(word, name(i))
		if d < best {
			best, found = d, found[:0]
		}
		if d == best && len(found) < 3 {
			found = append(found, value(i))
		}
	}
	return found
}

// distance is the number of bytes to insert, delete, replace or swap with
// their neighbour to make b of a.
func distance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
