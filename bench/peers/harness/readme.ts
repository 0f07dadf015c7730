/**
 * The part of bench/README.md that a run writes: everything between two markers, and nothing else.
 */
const BEGIN = '<!-- peers: written by bench:peers, begin -->'
const END = '<!-- peers: written by bench:peers, end -->'

/** Throws when the markers are not there, each once and in order, rather than guess where the tables belong. */
export function withSection(readme: string, section: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  const single = begin === readme.lastIndexOf(BEGIN) && end === readme.lastIndexOf(END)
  if (begin < 0 || end < begin || !single)
    throw new Error(`bench/README.md needs the lines ${BEGIN} and ${END}, once each`)
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${section.trim()}\n\n${readme.slice(end)}`
}
