/** A strict reader of the little HTML that the block page uses: it throws on whatever a browser would have to guess at. */

export interface Element {
  readonly tag: string
  readonly attributes: ReadonlyMap<string, string>
}

export interface ReadHtml {
  readonly elements: readonly Element[]
  /** Character data with its references resolved, style sheets left out. */
  readonly text: string
}

const VOID = new Set(['meta'])

export function readHtml(html: string): ReadHtml {
  const elements: Element[] = []
  const open: string[] = []
  let text = ''
  let at = html.startsWith('<!doctype html>\n') ? '<!doctype html>\n'.length : fail('no doctype')
  while (at < html.length) {
    const token = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>|[^<>]+/y
    token.lastIndex = at
    const match = token.exec(html) ?? fail(`a stray bracket at ${at}: ${html.slice(at, at + 40)}`)
    at += match[0].length
    const [, slash, tag, attributes = ''] = match
    if (tag === undefined) text += open.at(-1) === 'style' ? '' : resolve(match[0])
    else if (slash === '/') open.pop() === tag || fail(`</${tag}> closes something else`)
    else {
      elements.push({ tag, attributes: readAttributes(attributes) })
      if (!VOID.has(tag)) open.push(tag)
    }
  }
  if (open.length > 0) fail(`<${open.at(-1)}> stays open`)
  return { elements, text }
}

function readAttributes(source: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name, value] of source.matchAll(/ ([a-z-]+)="([^"]*)"/g)) {
    if (attributes.has(name!)) fail(`${name} stands twice`)
    attributes.set(name!, resolve(value!))
  }
  return attributes
}

function resolve(text: string): string {
  if (/&(?!#\d+;)/.test(text)) fail(`a bare ampersand: ${text}`)
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
}

function fail(why: string): never {
  throw new Error(why)
}
