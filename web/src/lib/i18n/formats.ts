/**
 * Making one takes as long as a hundred uses of it: each is made once. There are few: options are the code's own, but
 * for time zones.
 */
function once<Options, Format>(make: (tag: string, options: Options) => Format): (tag: string, options?: Options) => Format {
	const made = new Map<string, Format>();
	return (tag, options = {} as Options) => {
		const key = tag + JSON.stringify(options);
		const format = made.get(key) ?? make(tag, options);
		made.set(key, format);
		return format;
	};
}

export const dateFormat = once<Intl.DateTimeFormatOptions, Intl.DateTimeFormat>((tag, options) => new Intl.DateTimeFormat(tag, options));
export const numberFormat = once<Intl.NumberFormatOptions, Intl.NumberFormat>((tag, options) => new Intl.NumberFormat(tag, options));
