import type { FileRef } from './types';

export type Media = 'image' | 'audio' | 'video' | 'other';

/** Pictures that browsers show and that hold nothing else: an SVG may hold scripts, and is a file like any other. */
const images = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'];

/** How a file is shown. */
export function mediaOf({ media_type }: Pick<FileRef, 'media_type'>): Media {
	const type = media_type.toLowerCase().split(';')[0]?.trim() ?? '';
	if (images.includes(type)) return 'image';
	if (type.startsWith('audio/')) return 'audio';
	if (type.startsWith('video/')) return 'video';
	return 'other';
}
