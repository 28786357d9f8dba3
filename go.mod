module github.com/capinspect/capinspect

go 1.26.0

require (
	github.com/goccy/go-yaml v1.19.2
	github.com/spf13/pflag v1.1.0
	golang.org/x/sys v0.49.0
)

// Of tests alone.
require (
	github.com/rogpeppe/go-internal v1.16.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	kernel.org/pub/linux/libs/security/libcap/cap v1.2.78
)

require (
	golang.org/x/text v0.14.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.78 // indirect
)
