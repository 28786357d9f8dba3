module github.com/capinspect/capinspect/testdata/compare

go 1.26.0

replace github.com/capinspect/capinspect => ../..

require (
	github.com/capinspect/capinspect v0.0.0-00010101000000-000000000000
	github.com/prometheus/procfs v0.23.0
	golang.org/x/sys v0.49.0
)
