# One line per kernel from the messages of ptxas -v; see build.sh. Budgets: file of lines "PATTERN REGISTERS SHARED", the longest
# pattern that fits counts.
BEGIN {
    while ((getline line < budgets) > 0) {
        split(line, field, " ")
        registers_of[field[1]] = field[2]
        shared_of[field[1]] = field[3]
    }
}

function best(kernel,    pattern, expression, found) {
    found = ""
    for (pattern in registers_of) {
        expression = pattern
        gsub(/\*/, ".*", expression)
        if (kernel ~ ("^" expression "$") && length(pattern) > length(found)) {
            found = pattern
        }
    }
    return found
}

/Compiling entry function/ {
    kernel = $0
    sub(/.*function '/, "", kernel)
    sub(/'.*/, "", kernel)
}

/bytes stack frame/ {
    stack = $1
    stores = $5
    loads = $9
}

/Used [0-9]+ registers/ {
    registers = $0
    sub(/.*Used /, "", registers)
    sub(/ .*/, "", registers)
    shared = 0
    if ($0 ~ /bytes smem/) {
        shared = $0
        sub(/ bytes smem.*/, "", shared)
        sub(/.* /, "", shared)
    }
    pattern = best(kernel)
    printf "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", kernel, architecture, registers, stack, stores, loads, shared,
        registers_of[pattern], shared_of[pattern]
}
