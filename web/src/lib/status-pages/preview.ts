/** A status page that only stands there: in its frame no script may run, and the browser complains of those that try. */
export function withoutScript(html: string): string {
	return html.replaceAll(/<script\b[^>]*>[^]*?<\/script>/g, '');
}
