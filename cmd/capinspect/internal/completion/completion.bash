# bash completion for capinspect; SPDX-License-Identifier: Apache-2.0
# _capinspect_tasks adds the values of a column of ps.
_capinspect_tasks() {
	local name
	while read -r name; do
		[[ $name == [-?] ]] || words+=("$name")
	done < <(command capinspect ps --no-headers --columns "$@" 2>/dev/null | sort -u)
}
_capinspect() {
	local IFS=$' \t\n' of=${COMP_WORDS[1]} bare=1 values='' args='' files='' after='' line flag cur item pre row name takes word
	local -a words=() table=('{rows}')
	# By the line: COMP_WORDS ends words at = and :, which belong to them here.
	line=${COMP_LINE:0:COMP_POINT} cur=${line##*[[:blank:]]} line=${line%"$cur"}
	line=${line%"${line##*[![:blank:]]}"} flag=${line##*[[:blank:]]} item=$cur
	[[ $cur == --*=* ]] && flag=${cur%%=*}= item=${cur#*=}
	for row in "${table[@]}"; do
		[[ $COMP_CWORD -gt 1 && $row == "|$of||"* && $of != -* ]] && bare=
	done
	[[ $bare ]] && of=show
	[[ $COMP_CWORD -gt 2 ]] && after="$of ${COMP_WORDS[2]}"
	for row in "${table[@]}"; do
		[[ $after && $row == "$after||"* ]] && args=${row#*||} args=${args%%|*}
		[[ $row == "$of|"* || $bare && $row == '|'* ]] || continue
		name=${row#*|} takes=${name#*|} takes=${takes%%|*} name=${name%%|*}
		[[ $name ]] || args=$takes
		for name in $name; do
			if [[ $takes && ($name == "$flag" || $name= == "$flag") ]]; then
				values=$takes
			elif [[ $cur == -* && $name == -* || $cur != -* && $name != -* && $COMP_CWORD == 1 ]]; then
				words+=("$name")
			fi
		done
	done
	if [[ $values || $cur == *=* ]]; then
		words=()
	elif [[ $cur != -* ]]; then
		values=$args
	fi
	if [[ $values == *container:* && $item == container:* ]]; then
		item=${item#*:} values=@container
	elif [[ $values == *file:* && $item == @(file|pod):* ]]; then
		item=${item#*:} values=@file
	elif [[ $values != *'@'[fd]* ]]; then
		item=${item##*[,:+]}
	fi
	[[ $values == *'@cap'* && $item == [cC][aA][pP]_* ]] && item=${item:4}
	pre=${cur%"$item"}
	for word in $values; do
		case $word in
		@) ;;
		@file) files=-f ;;
		@dir) files=${files:--d} ;;
		@user) words+=($(compgen -u)) ;;
		@pid)
			words+=(self)
			[[ $item == [0-9]* ]] && _capinspect_tasks PID --kernel-threads
			;;
		@container) _capinspect_tasks CONTAINER ;;
		@*)
			for row in "${table[@]}"; do
				[[ $row == "$word|"* && $word$pre != @set:*[,:] ]] || continue
				name=${row#*|} name=${name%%|*}
				[[ $word$item == @cap[[:upper:]]* ]] && name=${name^^}
				words+=("$name")
			done
			;;
		*) words+=("$word") ;;
		esac
	done
	# What stands before the part that bash takes for the word stays.
	word=${COMP_WORDS[COMP_CWORD]#[=:]}
	pre=${pre#"${cur%"$word"}"}
	COMPREPLY=()
	while read -r name; do
		COMPREPLY+=("$pre$name")
	done < <(IFS=$'\n' && compgen $files -W "${words[*]}" -- "$item")
	[[ $files ]] && compopt -o filenames 2>/dev/null
	[[ ${#COMPREPLY[@]} == 1 && $COMPREPLY == *[=:] ]] && compopt -o nospace 2>/dev/null
	[[ $COMP_CWORD == 1 ]] && compopt -o nosort 2>/dev/null # the commands come first
	return 0
}
complete -F _capinspect capinspect
