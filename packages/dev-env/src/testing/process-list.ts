import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** One process of this machine. */
export interface ListedProcess {
  pid: number
  parent: number
  group: number
  command: string
}

/** The processes of this machine, from /proc where there is one: not every machine has `ps`. */
export function listProcesses(): ListedProcess[] {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs()
}

function fromProc(): ListedProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim()
      return [{ pid: Number(name), parent: Number(parent), group: Number(group), command }]
    } catch {
      // It ended between the two looks.
      return []
    }
  })
}

function fromPs(): ListedProcess[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,pgid=,args='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => {
    const [pid, parent, group, ...command] = line.trim().split(/\s+/)
    return { pid: Number(pid), parent: Number(parent), group: Number(group), command: command.join(' ') }
  })
}
