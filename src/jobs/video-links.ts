/**
 * Where a video is found, as paths of the API; pictures that there are none of are null. What players take,
 * which send no header, goes through `open`, which may add what lets them in.
 */
export function videoLinks(
  { id, poster, storyboard }: { id: string; poster: boolean; storyboard: boolean },
  open = (path: string) => path,
) {
  return {
    self: `/videos/${id}`,
    progress: open(`/progress/${id}`),
    hls: open(`/videos/${id}/hls/master.m3u8`),
    dash: open(`/videos/${id}/dash/manifest.mpd`),
    poster: poster ? open(`/videos/${id}/poster.jpg`) : null,
    storyboard: storyboard ? open(`/videos/${id}/storyboard.vtt`) : null,
    embed: open(`/embed/${id}`),
    page: `/#/videos/${id}`,
  }
}
