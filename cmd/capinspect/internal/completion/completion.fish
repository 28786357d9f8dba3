# fish completion for capinspect; SPDX-License-Identifier: Apache-2.0
set -g __capinspect_rows '{rows}'
function __capinspect_in -a of
	set -l words (commandline -opc)
	set -l command (string match -r -- '^[a-z].*' $words[2])
	string match -q -- "|$command||*" $__capinspect_rows; or set command
	test "$of" = "$command" -o "$of" = show -a -z "$command"
end
function __capinspect_at -a of
	set -l words (commandline -opc)
	if set -q words[3]; and string match -q -- "$words[2] $words[3]||*" $__capinspect_rows
		test "$of" = "$words[2] $words[3]"
	else
		__capinspect_in $of
	end
end
# __capinspect_tasks prints the values of a column of ps, each with what the columns after it
# have: the name of its container, if anything says it, and of a process.
function __capinspect_tasks -a column
	command capinspect ps --no-headers --columns $column,NAME $argv[2..] 2>/dev/null | \
		string replace -rf '^ *([^ ]{2,}|\d) +(?:\? +)?' '$1\t' | sort -u -t \t -k 1,1
end
function __capinspect -a values
	set -l item (commandline -ct | string replace -r -- '^--[^=]*=' '')
	set -l pre (string match -r -- '^(?:.*[,:+])?(?i:cap_)?' $item)
	set -l prefix (string match -r -- '^(?:file|pod|container):' $item)
	for word in (string split ' ' -- $values)
		test -n "$prefix" -a "$word" != "$prefix"; and continue
		switch $word
			case @
			case @file
				__fish_complete_path $item
			case @dir
				__fish_complete_directories $item ''
			case @user
				__fish_complete_users
			case @pid
				echo $pre'self'
				string match -qr -- '[0-9]' (string replace -- "$pre" '' $item); and printf '%s\n' $pre(__capinspect_tasks PID --kernel-threads)
			case @container
				__capinspect_tasks CONTAINER,CONTAINERNAME
			case container:
				test -n "$prefix"; and printf '%s\n' $word(__capinspect_tasks CONTAINER,CONTAINERNAME); or echo $word
			case file: pod:
				test -n "$prefix"; and printf '%s\n' $word(__fish_complete_path (string replace $word '' -- $item)); or echo $word
			case '@*'
				string match -qr -- ':$' $word; and string match -qr -- '[,:]$' $pre; and continue
				string replace -rf -- "^$word\|(.*)\|\|" "$pre\$1\t" $__capinspect_rows
			case '*'
				echo $pre$word
		end
	end
end
complete -c capinspect -f
for row in $__capinspect_rows
	set -l f (string split -m 3 '|' -- $row)
	set -l where __capinspect_(test -n "$f[2]"; and echo in; or echo at)
	set -l add complete -c capinspect -n "$where '$f[1]'"
	test -n "$f[3]"; and set -a add -x -a "(__capinspect '$f[3]')"
	switch $f[2]
		case ''
			$add
		case '-*'
			for name in (string split ' ' -- $f[2])
				string match -q -- '--*' $name; and set -a add -l (string trim -c -= -- $name); or set -a add -s (string trim -c - -- $name)
			end
			$add -d $f[4]
		case '*'
			test -z "$f[1]"; and $add -n 'test (count (commandline -opc)) = 1' -a $f[2] -d $f[4]
	end
end
