#compdef capinspect
# zsh completion for capinspect; SPDX-License-Identifier: Apache-2.0
# _capinspect_tasks offers the values of a column of ps, each with what the columns after it
# have: the name of its container, if anything says it, and of a process.
_capinspect_tasks() {
	local line id
	local -a found
	local -A seen
	for line in ${(f)"$(command capinspect ps --no-headers --columns $1,NAME $@[2,-1] 2>/dev/null)"}; do
		line=${line##[[:blank:]]#} id=${line%%[[:blank:]]*}
		[[ $id == [-?] || -n $seen[$id] ]] && continue
		seen[$id]=1 found+=("$id:${${${line#$id}##[[:blank:]]#}##\?[[:blank:]]##}")
	done
	_describe ${(L)1%%,*} found
}
_capinspect() {
	local of=$words[2] bare=1 after flag=$words[CURRENT-1] values args row word name
	local -a f names glued table
	table=('{rows}')
	(( CURRENT > 2 )) && [[ $of != -* && -n ${(M)table:#\|$of\|\|*} ]] && bare= || of=show
	(( CURRENT > 3 )) && after="$of $words[3]"
	[[ $PREFIX == --*=* ]] && flag=${PREFIX%%=*}= && compset -P 1 '*='
	for row in $table; do
		[[ -n $after && $row == "$after||"* ]] && args=${${row#*\|\|}%%\|*}
		[[ $row == "$of|"* || -n $bare && $row == '|'* ]] || continue
		f=("${(@s:|:)row}")
		[[ -z $f[2] ]] && args=$f[3]
		for name in ${=f[2]}; do
			word="${name//:/\\:}:${(j:|:)f[4,-1]}"
			if [[ -n $f[3] && ($name == $flag || $name= == $flag) ]]; then
				values=$f[3]
			elif [[ $PREFIX == -* && $name == -*= ]]; then
				glued+=($word)
			elif [[ $PREFIX == -* && $name == -* || $PREFIX != -* && $name != -* && CURRENT -eq 2 ]]; then
				names+=($word)
			fi
		done
	done
	if [[ -n $values || -n $IPREFIX ]]; then
		names=() glued=()
	elif [[ $PREFIX != -* ]]; then
		values=$args
	fi
	if (( $#names )) && [[ $PREFIX != -* ]]; then
		_describe command names # these come first
		names=()
	fi
	if [[ $values == *container:* && $PREFIX == container:* ]]; then
		compset -P 1 '*:'
		values=@container
	elif [[ $values == *file:* && $PREFIX == (file|pod):* ]]; then
		compset -P 1 '*:'
		values=@file
	elif [[ $values != *@[fd]* ]]; then
		compset -P '*[,:+]'
		[[ $values == *@cap* ]] && compset -P '[cC][aA][pP]_'
	fi
	for word in ${=values}; do
		case $word in
		(@) ;;
		(@file) _files ;;
		(@dir) _files -/ ;;
		(@user) _users ;;
		(@pid)
			compadd -V targets self
			[[ $PREFIX == [0-9]* ]] && _capinspect_tasks PID --kernel-threads
			;;
		(@container) _capinspect_tasks CONTAINER,CONTAINERNAME ;;
		(@set:) [[ $IPREFIX == *[,:] ]] || compadd -S '' -- ${${${(M)table:#@set:*}#*\|}%%\|*} ;;
		(@*)
			for row in ${(M)table:#$word\|*}; do
				f=("${(@s:|:)row}")
				names+=("$f[2]:$f[4]")
			done
			;;
		(*:) compadd -V targets -S '' -- $word ;;
		(*) compadd -- $word ;;
		esac
	done
	(( $#names )) && _describe word names -M 'm:{A-Z}={a-z}'
	(( $#glued )) && _describe option glued -S ''
}
if [[ $funcstack[1] == _capinspect ]]; then
	_capinspect "$@"
else
	compdef _capinspect capinspect
fi
