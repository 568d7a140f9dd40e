"""Image files of every kind that ImageCodec reads, and what Pillow's convert("RGB") makes of them: python3 make.py > cases.jsonl

Rows: name, mode (Pillow's), width, height, file (base64), rgb (hex, row-major). The PNG kinds that Pillow cannot write are written here by
hand; the expected pixels always come from Pillow (9.4.0 made the committed file).
"""
import base64
import io
import json
import random
import struct
import zlib

from PIL import Image

WIDTH, HEIGHT = 19, 11
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, bpp, rng):
    out, above = b"", None
    for row in rows:
        above = above if above is not None else bytes(len(row))
        kind = rng.randrange(5)
        line = bytearray()
        for i, value in enumerate(row):
            left, up, corner = (row[i - bpp] if i >= bpp else 0), above[i], (above[i - bpp] if i >= bpp else 0)
            guess = [0, left, up, (left + up) // 2, paeth(left, up, corner)][kind]
            line.append((value - guess) & 255)
        out += bytes([kind]) + bytes(line)
        above = row
    return out


def png(color, depth, interlaced=False, extra=(), palette=None, parts=1, seed=0):
    rng = random.Random(seed * 1000 + color * 100 + depth)
    limit = (len(palette) // 3 if palette else 1 << depth) if color == 3 else 1 << depth
    samples = [[[rng.randrange(limit) for _ in range(CHANNELS[color])] for _ in range(WIDTH)] for _ in range(HEIGHT)]

    def pack(pixels):
        values = [v for pixel in pixels for v in pixel]
        if depth == 16:
            return struct.pack(f">{len(values)}H", *values)
        if depth == 8:
            return bytes(values)
        bits = "".join(format(v, f"0{depth}b") for v in values)
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")

    raw = b""
    bpp = max(1, CHANNELS[color] * depth // 8)
    for x0, y0, dx, dy in (ADAM7 if interlaced else [(0, 0, 1, 1)]):
        rows = [pack(samples[y][x0::dx]) for y in range(y0, HEIGHT, dy)]
        if rows and rows[0]:
            raw += filtered(rows, bpp, rng)
    data = zlib.compress(raw)
    size = -(-len(data) // parts)
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, color, 0, 0, int(interlaced)))
    for kind, content in extra:
        body += chunk(kind, content)
    if palette:
        body += chunk(b"PLTE", palette)
    for i in range(0, len(data), size):
        body += chunk(b"IDAT", data[i:i + size])
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def picture(mode, seed):
    rng = random.Random(seed)
    bands = Image.new(mode, (1, 1)).getbands()
    planes = []
    for band in bands:
        a, b, c = rng.randrange(3, 12), rng.randrange(3, 20), rng.randrange(256)
        planes.append(Image.frombytes("L", (WIDTH, HEIGHT), bytes((c + a * x + b * y) % 256 for y in range(HEIGHT) for x in range(WIDTH))))
    return Image.merge(mode, planes) if len(planes) > 1 else planes[0]


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def main():
    rng = random.Random(5)
    palette = bytes(rng.randrange(256) for _ in range(3 * 16))
    cases = {}
    for color, depth in [(0, 1), (0, 2), (0, 4), (0, 8), (2, 8), (2, 16), (4, 8), (4, 16), (6, 8), (6, 16)]:
        cases[f"png colour {color} depth {depth}"] = png(color, depth)
        cases[f"png colour {color} depth {depth} interlaced"] = png(color, depth, interlaced=True, seed=1)
    for depth in (1, 2, 4, 8):
        colors = palette[:3 * min(16, 1 << depth)]
        cases[f"png palette depth {depth}"] = png(3, depth, palette=colors)
        cases[f"png palette depth {depth} interlaced"] = png(3, depth, palette=colors, interlaced=True, seed=1)
    cases["png palette with transparent entries"] = saved(picture("RGB", 3).quantize(7), "PNG", transparency=bytes([0, 128, 255]))
    cases["png with gamma, profile name and text"] = png(2, 8, extra=[(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0"), (b"tEXt", b"Title\0no")], seed=2)
    cases["png with a transparent colour"] = png(2, 8, extra=[(b"tRNS", struct.pack(">HHH", 1, 2, 3))], seed=3)
    cases["png in five data chunks"] = png(2, 8, parts=5, seed=4)
    cases["jpeg 4:4:4"] = saved(picture("RGB", 4), "JPEG", quality=90, subsampling=0)
    cases["jpeg 4:2:2"] = saved(picture("RGB", 5), "JPEG", quality=85, subsampling=1)
    cases["jpeg 4:2:0"] = saved(picture("RGB", 6), "JPEG", quality=75, subsampling=2)
    cases["jpeg progressive"] = saved(picture("RGB", 7), "JPEG", quality=75, progressive=True)
    cases["jpeg grey"] = saved(picture("L", 8), "JPEG", quality=70)
    cases["jpeg cmyk"] = saved(picture("CMYK", 9), "JPEG", quality=92)
    cases["webp lossless"] = saved(picture("RGB", 10), "WEBP", lossless=True)
    cases["webp lossless with alpha"] = saved(picture("RGBA", 11), "WEBP", lossless=True, exact=True)
    cases["webp lossy"] = saved(picture("RGB", 12), "WEBP", quality=70)
    cases["webp lossy with alpha"] = saved(picture("RGBA", 13), "WEBP", quality=80)
    cases["webp animated"] = saved(picture("RGB", 14), "WEBP", lossless=True, save_all=True, append_images=[picture("RGB", 15)])
    for name, data in cases.items():
        image = Image.open(io.BytesIO(data))
        rgb = image.convert("RGB")
        print(json.dumps({"name": name, "mode": image.mode, "width": rgb.width, "height": rgb.height,
                          "file": base64.b64encode(data).decode(), "rgb": rgb.tobytes().hex()}))


main()
